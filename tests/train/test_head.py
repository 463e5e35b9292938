from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from support import ROOT

from met_culture.common.config import load
from met_culture.common.errors import UserError
from met_culture.train import head
from met_culture.train.features import compute_features
from met_culture.train.networks import Network, build
from met_culture.train.paintings import Paintings
from met_culture.train.params import TrainParams

PARAMS = load("train", TrainParams, ROOT / "params.yaml")
PARAMS = replace(
    PARAMS, model="efficientnet_lite0", head=replace(PARAMS.head, c=(10.0, 100.0), views=(1, 2, 3), folds=3)
)
ALONE = replace(PARAMS, epochs=0)
COLOURS = np.array([[200, 0, 0], [0, 200, 0], [0, 0, 200], [0, 0, 0]])


def made(classes: np.ndarray, groups: np.ndarray | None = None, train: int = 24, crops: int = 1) -> Paintings:
    """Return paintings in the colour of their class, the first of them for training; crops are other such images."""
    rng = np.random.default_rng(0)
    shape = len(classes), 1 + crops, 32, 32, 3
    views = (rng.integers(0, 50, shape) + COLOURS[classes][:, None, None, None]).astype(np.uint8)
    parts = slice(0, train), slice(train, None)
    names = np.arange(len(classes)) if groups is None else groups
    images, cut = tuple(views[part, 0] for part in parts), tuple(views[part, 1:] for part in parts)
    return Paintings(images, cut, classes, names.astype(str), mask_border=False)


PAINTINGS = made(np.arange(32) % 4)


def loss(network: Network, images: np.ndarray, classes: np.ndarray) -> float:
    probabilities = network.whole().predict_on_batch(images)
    return float(-np.log(probabilities[np.arange(len(classes)), classes]).mean())


def test_only_the_last_layer_changes_and_validation_chooses() -> None:
    network = build(PARAMS, 32, 4)
    before = {layer.name: layer.get_weights() for layer in network.trainable.layers}
    choice = head.fit_head(network, PAINTINGS, PARAMS)
    after = {layer.name: layer.get_weights() for layer in network.trainable.layers}
    moved = [name for name in before if not all(map(np.array_equal, before[name], after[name]))]
    assert moved == ["standardise", "label"]
    assert [(row["views"], row["c"]) for row in choice.rows] == [(v, c) for v in (1, 2, 3) for c in (10, 100)]
    losses = [row["val_loss"] for row in choice.rows]
    assert choice.best == losses.index(min(losses))
    assert choice.probabilities.shape == (8, 4)  # validation alone
    val_loss = loss(network, PAINTINGS.images[1], PAINTINGS.classes[24:])
    assert val_loss == pytest.approx(min(losses), rel=1e-3)


def test_the_last_layer_alone_is_fitted_to_all_and_judged_by_groups_that_were_left_out() -> None:
    classes = np.repeat(np.random.default_rng(5).integers(0, 4, 16), 2)
    alike = made(np.zeros(32, int), np.repeat(np.arange(16), 2))  # each painting twice, and nothing to learn
    alike = replace(alike, classes=classes, images=tuple(np.repeat(part[::2], 2, axis=0) for part in alike.images))
    network = build(ALONE, 32, 4)
    choice = head.fit_head(network, alike, ALONE)
    assert choice.probabilities.shape == (32, 4)
    assert choice.rows[choice.best]["val_accuracy"] < 0.6
    assert all(row["val_loss"] > 1 for row in choice.rows)  # with copies on both sides it would be near 0
    strong = replace(ALONE, head=replace(ALONE.head, c=(1e5,)))
    head.fit_head(network, alike, strong)
    assert loss(network, np.concatenate(alike.images), classes) < 0.1


@pytest.mark.parametrize("smoothing", [0, 0.1])
def test_more_rows_than_fit_into_memory_are_streamed_to_the_same_optimum(
    monkeypatch: pytest.MonkeyPatch, smoothing: float
) -> None:
    params = replace(ALONE, class_weights="balanced", label_smoothing=smoothing, head=replace(ALONE.head, c=(100.0,)))
    many = made(np.arange(32) % 3)
    weights = []
    for rows in (head.KERNEL_ROWS, 40):
        monkeypatch.setattr(head, "KERNEL_ROWS", rows)
        network = build(params, 32, 4)
        choice = head.fit_head(network, many, params)
        weights.append(network.trainable.get_layer("label").get_weights())
    assert len(choice.probabilities) == 13  # 40 rows of three views each
    for streamed, in_memory in zip(*weights, strict=True):
        centred = [part - part.mean(axis=-1, keepdims=True) for part in (streamed[..., :3], in_memory[..., :3])]
        np.testing.assert_allclose(*centred, atol=2e-5)


def test_the_features_are_standardised_by_the_training_images() -> None:
    network = build(PARAMS, 32, 4)
    head.fit_head(network, PAINTINGS, replace(PARAMS, head=replace(PARAMS.head, views=(1,))))
    inside = keras.Model(network.trainable.input, network.trainable.get_layer("standardise").output)
    x = np.asarray(inside.predict_on_batch(network.frozen.predict_on_batch(PAINTINGS.images[0])))
    assert (x.std(axis=0) > 0.9).mean() > 0.1  # at 32 pixels the last maps have one pixel, and no deviation
    assert np.abs(x.mean(axis=0)).max() < 0.01
    assert x.std(axis=0).max() < 1.001


def test_half_precision_standardises_many_images_as_whole_precision_does() -> None:
    many = made(np.arange(600) % 4, train=592, crops=0)  # a sum in bfloat16 stops growing at 256 times what is added
    means = []
    for precision in ("float32", "mixed_bfloat16"):
        network = build(replace(PARAMS, precision=precision), 32, 4)
        head.fit_head(network, many, replace(PARAMS, head=replace(PARAMS.head, c=(1.0,), views=(1,))))
        means.append(network.trainable.get_layer("standardise").get_weights()[0])
    assert np.abs(means[1] - means[0]).max() < 0.05 * np.abs(means[0]).max()


def test_more_views_than_there_are_name_both_keys() -> None:
    params = replace(PARAMS, head=replace(PARAMS.head, views=(1, 5)))
    with pytest.raises(UserError, match=r"train\.head\.views: 5 views need preprocess\.crops: 3"):
        head.fit_head(build(PARAMS, 32, 4), PAINTINGS, params)


def test_few_paintings_have_fewer_folds_and_a_single_group_has_none() -> None:
    params = replace(ALONE, head=replace(ALONE.head, c=(1.0,), views=(1,), folds=5))
    network = build(params, 32, 4)
    few = made(np.arange(12) % 4, train=8)
    assert len(head.fit_head(network, few, params).probabilities) == 12
    with pytest.raises(UserError, match="too few groups"):
        head.fit_head(network, replace(few, groups=np.full(12, "0")), params)


def test_the_loss_is_that_of_the_epochs_that_may_follow() -> None:
    params = replace(PARAMS, label_smoothing=0.3, head=replace(PARAMS.head, c=(10.0,), views=(1,)))
    network = build(params, 32, 4)
    row = head.fit_head(network, PAINTINGS, params).rows[0]
    classes = keras.utils.to_categorical(PAINTINGS.classes[24:], 4)
    expected, _ = network.whole().test_on_batch(PAINTINGS.images[1], classes)
    assert row["val_loss"] == pytest.approx(float(expected), rel=1e-3)


def test_a_batch_has_fewer_paintings_if_they_have_many_views() -> None:
    sizes = []

    def predict_on_batch(images: np.ndarray) -> np.ndarray:
        sizes.append(len(images))
        return images[:, 0, 0, :2].astype(np.float32)

    model = SimpleNamespace(output_shape=(None, 2), predict_on_batch=predict_on_batch)
    features = compute_features(model, made(np.arange(12) % 4, train=8, crops=38), 40)  # type: ignore[arg-type]
    assert features.shape == (12, 40, 2)
    assert set(sizes) == {80}


def test_features_that_are_no_numbers_are_named() -> None:
    model = SimpleNamespace(output_shape=(None, 1), predict_on_batch=lambda images: np.full((len(images), 1), np.inf))
    with pytest.raises(UserError, match=r"no finite numbers.*train\.precision"):
        compute_features(model, PAINTINGS, 1)  # type: ignore[arg-type]
