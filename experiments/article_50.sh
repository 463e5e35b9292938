# The article's network, augmentation and training, as its code has them, for the 50 epochs that its text begins with.
# These are the defaults of params.yaml. Source: any.
# Cost: COST50. Result: benchmarks/results/article_museum.json.
dvc exp run --name article_50 \
  -S train.model=cnn -S train.epochs=50 "$@"
