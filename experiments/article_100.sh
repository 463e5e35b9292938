# The article's network for twice as long; continues what article_50 has trained.
# Cost: 8 minutes on two cores for 280 paintings. Result: benchmarks/results/article_museum.json.
dvc exp run --name article_100 \
  -S train.model=cnn -S train.epochs=100
