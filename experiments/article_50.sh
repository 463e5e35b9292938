# The article's network, augmentation and training, as its code has them, for the 50 epochs that its text begins with.
# These are the defaults of params.yaml. Source: any.
# Cost: 2 to 4 minutes on two cores for 280 paintings. Result: benchmarks/results/models_article_50.json.
dvc exp run --name article_50 \
  -S train.model=cnn -S train.epochs=50 "$@"
