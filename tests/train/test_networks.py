from dataclasses import replace

import keras
import numpy as np
import pytest
from support import ROOT

from met_culture.common.config import load
from met_culture.train.networks import build, cnn
from met_culture.train.params import TrainParams

PARAMS = load("train", TrainParams, ROOT / "params.yaml")


def test_the_articles_network_layer_by_layer() -> None:
    layers = [(type(layer).__name__, layer.output.shape[1:]) for layer in cnn(150, 4).layers]
    assert layers == [
        ("Rescaling", (150, 150, 3)),
        ("Conv2D", (148, 148, 32)),
        ("MaxPooling2D", (74, 74, 32)),
        ("Conv2D", (72, 72, 32)),
        ("MaxPooling2D", (36, 36, 32)),
        ("Conv2D", (34, 34, 64)),
        ("MaxPooling2D", (17, 17, 64)),
        ("Flatten", (18496,)),
        ("Dense", (64,)),
        ("Dense", (4,)),
    ]
    assert cnn(150, 4).count_params() == 896 + 9248 + 18496 + 1183808 + 260


def test_rescaling_is_inside_the_model() -> None:
    model = cnn(32, 4)
    image = np.full((1, 32, 32, 3), 255, np.uint8)
    assert np.allclose(model.layers[0](image), 1)
    assert np.allclose(np.asarray(model(image)).sum(), 1)


def test_the_seed_decides_the_weights() -> None:
    first, again, other = (build(replace(PARAMS, seed=seed), 32, 4).trainable.get_weights()[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("name", ["cnn", "efficientnet_lite0"])
def test_products_have_the_precision_and_weights_and_probabilities_do_not(name: str, precision: str) -> None:
    network = build(replace(PARAMS, model=name, precision=precision), 32, 4)
    whole, product = network.whole(), precision.removeprefix("mixed_")
    assert {weight.dtype for weight in whole.weights if "seed" not in weight.path} == {"float32"}
    inner = [layer for part in (network.frozen, network.trainable) if part for layer in part.layers]
    assert {layer.compute_dtype for layer in inner if "Conv2D" in type(layer).__name__} == {product}
    assert np.asarray(whole(np.zeros((1, 32, 32, 3), np.uint8))).dtype == np.float32
    assert keras.config.dtype_policy().name == "float32"  # of whatever is built next


def test_optimizer_and_loss_come_from_the_parameters() -> None:
    for name in ("rmsprop", "adam", "adamw", "sgd"):
        model = build(replace(PARAMS, optimizer=name, learning_rate=0.25), 32, 4).trainable
        assert type(model.optimizer).__name__.lower() == name
        assert float(model.optimizer.learning_rate) == 0.25
        assert model.loss == "categorical_crossentropy"
