# The article's network as its text has it: "omitting the dropout layers". Its code has a dropout of 0.5.
# Cost: COST100. Result: benchmarks/results/article_museum_no_dropout.json.
dvc exp run --name article_no_dropout \
  -S train.model=cnn -S train.epochs=100 -S train.dropout=0 "$@"
