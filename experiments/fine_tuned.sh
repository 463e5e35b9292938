# The best model that trains within ten minutes on two cores: EfficientNet-Lite2 with ImageNet weights. Trains its last
# layer, then also the last two of its seven stages. Validation, a tenth of the paintings, only fits the temperature.
# Source: any; measured on five folds of 409 real paintings.
# Cost: five minutes on two cores that other work shared, for 290 paintings.
# Result: benchmarks/results/models_fine_tuned.json.
dvc exp run --name fine_tuned \
  -S train.model=efficientnet_lite2 -S preprocess.image_size=320 -S preprocess.interpolation=area \
  -S clean.val_fraction=0.1 \
  -S train.epochs=20 -S train.dropout=0.5 \
  -S train.optimizer=adamw -S train.learning_rate=0.0004 -S train.schedule=cosine -S train.schedule_length=20 \
  -S train.augment.rotation=0 -S train.augment.shift=0.1 -S train.augment.flip=true \
  -S train.label_smoothing=0.1 -S train.class_weights=balanced -S train.keep=last -S train.calibrate=true "$@"
