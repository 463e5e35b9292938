# The article's experiment on the article's own paintings: its list of 3,705 image addresses with their labels, its
# split, its network, 100 epochs. Source: the list, from the repository of the article's code; docs/fetch.md describes it.
# Cost: some 8 minutes to download the images, 480 MB; then about 9 times the cost of article_100, whose runs train on 287
# paintings. Result: not measured here, because this repository holds neither the list nor its images.
dvc exp run --name article_data \
  -S fetch.source=met -S fetch.catalog=images \
  -S fetch.catalog_file=https://raw.githubusercontent.com/rachelkberryman/Met_Image_Classification/master/dash_app/paintings_random_image_data.csv \
  -S clean.split=shuffled -S clean.val_fraction=0.18 -S clean.test_fraction=0.12 -S clean.seed=42 \
  -S train.model=cnn -S train.epochs=100 "$@"
