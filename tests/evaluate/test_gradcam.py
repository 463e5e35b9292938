from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from support import ROOT

from met_culture.common.config import load
from met_culture.common.errors import UserError
from met_culture.evaluate import gradcam
from met_culture.evaluate.correlation_evidence import correlation_evidence
from met_culture.models.layers import ChannelCorrelations
from met_culture.models.model_file import load_model, save_model
from met_culture.train.networks import build
from met_culture.train.params import TrainParams

PARAMS = load("train", TrainParams, ROOT / "params.yaml")
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)


def redness() -> keras.Model:
    """Return a network that answers 0 for red and 1 for blue, wherever it is."""
    model = keras.Sequential(
        [
            keras.Input((64, 64, 3), dtype="uint8"),
            layers.Rescaling(1 / 255),
            layers.Conv2D(2, 8, 8, name="colour"),
            layers.Flatten(),
            layers.Dense(2, activation="softmax", name="label"),
        ]
    )
    kernel = np.zeros((8, 8, 3, 2), np.float32)
    kernel[:, :, 0, 0] = kernel[:, :, 2, 1] = 1 / 64
    model.get_layer("colour").set_weights([kernel, np.zeros(2, np.float32)])
    model.get_layer("label").set_weights([np.tile(np.eye(2, dtype=np.float32), (64, 1)), np.zeros(2, np.float32)])
    return model


def test_the_heat_lies_where_the_evidence_is() -> None:
    image = np.zeros((1, 64, 64, 3), np.uint8)
    image[0, :16, :16, 0] = 255
    image[0, 48:, 48:, 2] = 255
    red, blue = (gradcam.heat_maps(redness(), image, np.array([label]))[0] for label in (0, 1))
    assert red[:12, :12].min() > 0.8
    assert red[20:, 20:].max() < 0.1
    assert blue[52:, 52:].min() > 0.8
    assert blue[:44, :44].max() < 0.1


@pytest.mark.parametrize("name", ["cnn", "efficientnet_lite0", "style"])
def test_every_network_has_heat_of_the_size_of_the_image(name: str, tmp_path: Path) -> None:
    network = build(replace(PARAMS, model=name), 64, 4)
    label = network.trainable.get_layer("label")  # a pretrained network's starts from zero, without any slope
    label.set_weights([np.random.default_rng(0).normal(0, 0.01, part.shape) for part in label.get_weights()])
    meta = {
        "labels": list("abcd"),
        "image_size": 64,
        "interpolation": "area",
        "fit": "squash",
        "source": "",
        "epoch": 1,
    }
    save_model(network.whole(), tmp_path / "model.keras", meta, optimizer=False)
    heat_map = gradcam.heat_maps(load_model(tmp_path / "model.keras")[0], IMAGES, np.array([0, 1, 2]))
    assert heat_map.shape == (3, 64, 64)
    assert heat_map.min() >= 0
    assert np.allclose(heat_map.max(axis=(1, 2)), 1, atol=0.2)


def test_correlations_below_other_layers_have_no_heat_maps() -> None:
    image = keras.Input((64, 64, 3), dtype="uint8")
    correlations = ChannelCorrelations()(layers.Rescaling(1 / 255)(image))
    model = keras.Model(image, layers.Dense(2, activation="softmax")(correlations))
    with pytest.raises(UserError, match="no heat maps"):
        gradcam.heat_maps(model, IMAGES, np.array([0, 1, 0]))


def test_the_overlay_keeps_the_picture_and_colours_the_heat() -> None:
    heat_map = np.zeros((64, 64), np.float32)
    heat_map[:32] = 1
    result = gradcam.overlay(IMAGES[0], heat_map).astype(float)
    assert result[:32, :, 2].mean() < result[32:, :, 2].mean()  # yellow has no blue
    assert np.corrcoef(result[:32, :, 0].ravel(), IMAGES[0, :32, :, 0].ravel())[0, 1] > 0.9


def test_another_backend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    model = redness()
    monkeypatch.setattr(keras.backend, "backend", lambda: "numpy")
    with pytest.raises(UserError, match="tensorflow or jax"):
        gradcam.heat_maps(model, IMAGES[:1], np.array([0]))


def test_the_parts_of_the_positions_add_up_to_the_logit() -> None:
    network = build(replace(PARAMS, model="style"), 64, 4)
    rng = np.random.default_rng(0)
    label, standardise = network.trainable.get_layer("label"), network.trainable.get_layer("standardise")
    label.set_weights([rng.normal(0, 0.01, part.shape) for part in label.get_weights()])
    features = network.frozen.predict_on_batch(IMAGES)
    standardise.set_weights([features.mean(axis=0), features.var(axis=0)])
    model = network.whole()
    parts = correlation_evidence(model, IMAGES, np.array([0, 1, 2]))
    logits = np.log(model.predict_on_batch(IMAGES))
    average = label.get_weights()[1]  # the logits of the average image: the intercepts
    relative = (logits - logits.mean(axis=1, keepdims=True)) - (average - average.mean())
    assert np.allclose(parts.sum(axis=(1, 2)), relative[np.arange(3), np.arange(3)], atol=1e-4)
    assert gradcam.method(model) != gradcam.method(redness())
