# The article's network as its text has it: "omitting the dropout layers". Its code has a dropout of 0.5.
# Cost: 4 to 8 minutes on two cores for 280 paintings. Result: benchmarks/results/models_article_no_dropout.json.
dvc exp run --name article_no_dropout \
  -S train.model=cnn -S train.epochs=100 -S train.dropout=0 "$@"
