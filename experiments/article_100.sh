# The article's network for twice as long; continues what article_50 has trained.
# Cost: 8 minutes on two cores for 280 paintings. Result: article_museum.json and models_article_100.json of
# benchmarks/results/.
dvc exp run --name article_100 \
  -S train.model=cnn -S train.epochs=100
