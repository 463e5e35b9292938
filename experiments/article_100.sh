# The article's network, trained for 100 epochs, as in its code. Continues from article_50, if that has run before.
# Cost: 4 to 8 minutes on two cores for 280 paintings. Result: benchmarks/results/models_article_100.json.
dvc exp run --name article_100 \
  -S train.model=cnn -S train.epochs=100 "$@"
