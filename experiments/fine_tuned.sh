# EfficientNet-Lite0 with ImageNet weights: its last layer, then its last five blocks, on paintings of 224 pixels.
# Cost: about 2 minutes on two cores for 280 paintings. Result: benchmarks/results/models_fine_tuned.json.
dvc exp run --name fine_tuned \
  -S train.model=efficientnet_lite0 -S preprocess.image_size=224 \
  -S train.head.epochs=30 -S train.epochs=12 \
  -S train.optimizer=adamw -S train.learning_rate=0.0004 -S train.schedule=cosine -S train.schedule_length=12 \
  -S train.label_smoothing=0.1 -S train.class_weights=balanced -S train.keep=last -S train.calibrate=true
