import ast
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from support import ROOT

from met_culture.common.config import load
from met_culture.common.errors import UserError
from met_culture.train.batches import Batches
from met_culture.train.params import TrainParams

AUGMENT = load("train", TrainParams, ROOT / "params.yaml").augment
X = np.random.default_rng(0).integers(0, 256, (10, 32, 32, 3), np.uint8)
Y = np.arange(10) % 4


def collect(batches: Batches) -> tuple[np.ndarray, np.ndarray]:
    parts = [batches[index] for index in range(len(batches))]
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])


def test_in_order_and_as_they_are() -> None:
    batches = Batches(X, Y, 4, 3)
    x, y = collect(batches)
    assert len(batches) == 4
    assert [batches.size(index) for index in range(4)] == [3, 3, 3, 1]
    assert np.array_equal(x, X)
    assert np.array_equal(y.argmax(axis=1), Y)
    assert y.shape == (10, 4)


def test_an_epoch_is_a_shuffle_of_every_image() -> None:
    _, y = collect(Batches(X, Y, 4, 3).epoch(0, 5, AUGMENT))
    assert not np.array_equal(y.argmax(axis=1), Y)
    assert np.array_equal(np.sort(y.argmax(axis=1)), np.sort(Y))


def test_any_epoch_can_be_repeated_alone() -> None:
    batches = Batches(X, Y, 4, 3)
    first, second = (collect(batches.epoch(0, epoch, AUGMENT)) for epoch in (0, 1))
    again = collect(Batches(X, Y, 4, 3).epoch(0, 1, AUGMENT))
    assert all(np.array_equal(a, b) for a, b in zip(second, again, strict=True))
    assert not np.array_equal(first[0], second[0])


def test_batch_size_and_order_of_asking_do_not_change_the_images() -> None:
    whole = collect(Batches(X, Y, 4, 10).epoch(0, 1, AUGMENT))[0]
    small = Batches(X, Y, 4, 3).epoch(0, 1, AUGMENT)
    backwards = [small[index][0] for index in reversed(range(len(small)))]
    assert np.array_equal(np.concatenate(backwards[::-1]), whole)


def frozen() -> keras.Model:
    return keras.Sequential([keras.Input((32, 32, 3), dtype="uint8"), keras.layers.Rescaling(1 / 255)])


def test_what_is_frozen_is_passed_once_a_version_and_epochs_take_turns() -> None:
    model, passed = frozen(), []
    predict = model.predict_on_batch
    model.predict_on_batch = lambda x: passed.append(len(x)) or predict(x)
    batches, plain = Batches(X, Y, 4, 3, model, versions=2), Batches(X, Y, 4, 3)
    for _ in range(2):
        assert np.allclose(collect(batches)[0], X / 255, atol=1e-3)
    assert sum(passed) == len(X)
    for epoch in range(4):
        order = collect(plain.epoch(0, epoch, AUGMENT))[1]
        x, y = collect(batches.epoch(0, epoch, AUGMENT))
        assert np.array_equal(y, order)  # every epoch has its own order
        images = {image.tobytes() for image in np.rint(255 * x).astype(np.uint8)}
        assert images == {image.tobytes() for image in collect(plain.epoch(0, epoch % 2, AUGMENT))[0]}
    assert sum(passed) == 3 * len(X)


def test_a_full_disk_is_named_before_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=1000))
    with pytest.raises(UserError, match=r"no room for 61,440 bytes.*TMPDIR"):
        Batches(X, Y, 4, 3, frozen())[0]
    with pytest.raises(UserError, match="no room for 184,320 bytes"):  # of all versions
        Batches(X, Y, 4, 3, frozen(), versions=3).epoch(0, 0, AUGMENT)[0]


def test_the_input_pipeline_imports_no_tensorflow() -> None:
    names = ("batches", "augment", "networks", "efficientnet_lite", "efficientnet_weights", "head")
    in_train = [f"train/{name}" for name in names]
    for module in ("preprocess/array_file", "models/layers", *in_train):
        source = (ROOT / "src/met_culture" / f"{module}.py").read_text()
        nodes = list(ast.walk(ast.parse(source)))
        imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        imported |= {node.module.split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
        allowed = {"keras", "numpy", "cv2", "met_culture", "tempfile", "typing", "dataclasses", "hashlib", "importlib"}
        allowed |= {"collections", "functools", "itertools", "math", "os", "pathlib", "shutil", "weakref"}
        allowed |= {"sklearn", "threadpoolctl", "warnings"}
        assert imported <= allowed
