# The best, the fastest to train, and the same on every processor: which features of frozen EfficientNet-Lite2 go
# together (correlations between channels), and a logistic regression on them. It is fitted to six views of each painting:
# the image, its mirror image, three crops, and the image without its border. c and the number of views are chosen by
# groups that were left out. Source: any.
# Cost: one minute on two cores for 330 paintings.
# Result: benchmarks/results/models_style.json.
dvc exp run --name style \
  -S train.model=style -S preprocess.image_size=224 -S preprocess.interpolation=area -S preprocess.fit=squash \
  -S preprocess.crops=3 -S preprocess.crop_min=0.6 \
  -S 'train.head.views=[1,2,6]' -S train.head.mask_border=true -S 'train.head.c=[32,100,320,1000]' -S train.head.folds=5 \
  -S train.class_weights=balanced -S train.calibrate=false "$@"
