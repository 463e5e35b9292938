# The most accurate, and the same on every processor: a logistic regression on the correlations between channels of frozen
# EfficientNet-Lite2. They say which features go together. Up to six views of each painting are used: the image, its mirror
# image, three crops, and the image without its border. Predictions for groups that were left out choose c and the number
# of views. Source: any.
# Cost: one minute on two cores for 330 paintings.
# Result: benchmarks/results/models_style.json.
dvc exp run --name style \
  -S train.model=style -S preprocess.image_size=224 -S preprocess.interpolation=area -S preprocess.fit=squash \
  -S preprocess.crops=3 -S preprocess.crop_min=0.6 \
  -S 'train.head.views=[1,2,6]' -S train.head.mask_border=true -S 'train.head.c=[32,100,320,1000]' -S train.head.folds=5 \
  -S train.class_weights=balanced -S train.calibrate=false "$@"
