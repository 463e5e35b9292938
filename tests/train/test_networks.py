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
    network = cnn(150, 4, 0.5, 0)
    layers = [(type(layer).__name__, layer.output.shape[1:]) for layer in network.layers]
    assert layers == [
        ("Rescaling", (150, 150, 3)),
        ("Conv2D", (148, 148, 32)),
        ("MaxPooling2D", (74, 74, 32)),
        ("Conv2D", (72, 72, 64)),
        ("MaxPooling2D", (36, 36, 64)),
        ("Conv2D", (34, 34, 128)),
        ("MaxPooling2D", (17, 17, 128)),
        ("Conv2D", (15, 15, 128)),
        ("MaxPooling2D", (7, 7, 128)),
        ("Flatten", (6272,)),
        ("Dropout", (6272,)),
        ("Dense", (512,)),
        ("Dense", (4,)),
    ]
    assert network.count_params() == 896 + 18496 + 73856 + 147584 + 3211776 + 2052
    assert network.get_layer("dropout").rate == 0.5
    activations = [layer.activation.__name__ for layer in network.layers if layer.weights]
    assert activations == ["relu"] * 5 + ["softmax"]


def test_rescaling_is_inside_the_model() -> None:
    model = cnn(48, 4, 0.5, 0)
    image = np.full((1, 48, 48, 3), 255, np.uint8)
    assert np.allclose(model.layers[0](image), 1)
    assert np.allclose(np.asarray(model(image)).sum(), 1)


def test_the_seed_decides_what_dropout_leaves_out() -> None:
    image = np.full((1, 48, 48, 3), 255, np.uint8)
    model, again, other = (build(replace(PARAMS, seed=seed), 48, 4).trainable for seed in (1, 1, 2))
    other.set_weights(model.get_weights())
    first, second, third = (np.asarray(network(image, training=True)) for network in (model, again, other))
    assert np.array_equal(first, second)
    assert not np.allclose(first, third)
    assert not np.allclose(first, model(image, training=True))  # another step leaves out other features


def test_the_seed_decides_the_weights() -> None:
    first, again, other = (build(replace(PARAMS, seed=seed), 48, 4).trainable.get_weights()[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("name", ["cnn", "efficientnet_lite0", "style"])
def test_products_have_the_precision_and_weights_and_probabilities_do_not(name: str, precision: str) -> None:
    network = build(replace(PARAMS, model=name, precision=precision), 48, 4)
    whole, product = network.whole(), precision.removeprefix("mixed_")
    assert {weight.dtype for weight in whole.weights if "seed" not in weight.path} == {"float32"}
    inner = [layer for part in (network.frozen, network.trainable) if part for layer in part.layers]
    assert {layer.compute_dtype for layer in inner if "Conv2D" in type(layer).__name__} == {product}
    assert np.asarray(whole(np.zeros((1, 48, 48, 3), np.uint8))).dtype == np.float32
    assert keras.config.dtype_policy().name == "float32"  # of whatever is built next


def test_optimizer_and_loss_come_from_the_parameters() -> None:
    for name in ("rmsprop", "adam", "adamw", "sgd"):
        model = build(replace(PARAMS, optimizer=name, learning_rate=0.25), 48, 4).trainable
        assert type(model.optimizer).__name__.lower() == name
        assert float(model.optimizer.learning_rate) == 0.25
        assert model.loss == "categorical_crossentropy"
