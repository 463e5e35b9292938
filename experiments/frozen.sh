# The fastest: only a new last layer is fitted, to the features of EfficientNet-Lite0 with frozen ImageNet weights.
# Source: any; measured on five folds of 409 real paintings.
# Cost: half a minute on two cores that other work shared, for 260 paintings.
# Result: benchmarks/results/models_frozen.json.
dvc exp run --name frozen \
  -S train.model=efficientnet_lite0 -S preprocess.image_size=224 -S preprocess.interpolation=area \
  -S train.epochs=0 -S 'train.head.views=[1,2]' -S 'train.head.c=[32,100,320,1000]' -S train.head.folds=5 \
  -S train.class_weights=balanced -S train.label_smoothing=0 -S train.calibrate=false "$@"
