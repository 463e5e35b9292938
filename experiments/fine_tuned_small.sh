# Like fine_tuned, with the smaller EfficientNet-Lite0. The mean of both models is the best result, because they make
# different errors. Keep a copy of models/model.keras of each run; python -m met_culture.predict --model COPY1 --model
# COPY2 averages them.
# Source: any; measured on five folds of 409 real paintings.
# Cost: four minutes on two cores that other work shared, for 290 paintings.
# Result: benchmarks/results/models_fine_tuned_small.json.
dvc exp run --name fine_tuned_small \
  -S train.model=efficientnet_lite0 -S preprocess.image_size=320 -S preprocess.interpolation=area \
  -S clean.val_fraction=0.1 \
  -S train.epochs=20 -S train.dropout=0.5 \
  -S train.optimizer=adamw -S train.learning_rate=0.0004 -S train.schedule=cosine -S train.schedule_length=20 \
  -S train.augment.rotation=0 -S train.augment.shift=0.1 -S train.augment.flip=true \
  -S train.label_smoothing=0.1 -S train.class_weights=balanced -S train.keep=last -S train.calibrate=true "$@"
