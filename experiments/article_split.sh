# The article's experiment with the article's split: 70 % of the paintings for training, 18 % for validation, 12 % for
# the test, shuffled. Copies of a picture and leaves of an album may be in training and test, so its accuracy may be too high.
# Cost: 4 to 8 minutes on two cores for 280 paintings. Result: benchmarks/results/article_museum_split.json.
dvc exp run --name article_split \
  -S train.model=cnn -S train.epochs=100 \
  -S clean.split=shuffled -S clean.val_fraction=0.18 -S clean.test_fraction=0.12 "$@"
