import ast

import numpy as np
from conftest import ROOT

from met_culture.batches import Batches
from met_culture.params import load

AUGMENT = load("train", ROOT / "params.yaml").augment
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


def test_the_input_pipeline_imports_no_tensorflow() -> None:
    for module in ("batches", "augment", "models"):
        source = (ROOT / "src/met_culture" / f"{module}.py").read_text()
        nodes = list(ast.walk(ast.parse(source)))
        imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        imported |= {node.module.split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
        assert imported <= {"keras", "numpy", "cv2", "met_culture"}
