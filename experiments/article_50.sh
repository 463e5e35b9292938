# The article's network and number of epochs. These are the defaults of params.yaml. Source: any.
# Cost: 4 minutes on two cores for 280 paintings. Result: benchmarks/results/article_museum.json.
dvc exp run --name article_50 \
  -S train.model=cnn -S train.epochs=50
