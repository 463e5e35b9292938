from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from distributed import machines, run_together, start
from support import set_param

from met_culture.common.files import read_json
from met_culture.train.distributed.collectives import broadcast, check_same_inputs, process_index_and_count
from met_culture.train.distributed.data_parallel import replicate
from met_culture.train.networks import cnn

needs_jax = pytest.mark.skipif(find_spec("jax") is None, reason="jax is not installed; requirements-dev.txt has it")


def uneven(arrays: Path) -> None:
    """Leave 23 training and 7 validation images: with batches of 8, the last one does not divide by two."""
    for split, count in (("train", 23), ("val", 7)):
        for axis in "xy":
            path = arrays / f"data/preprocess/{split}_{axis}.npy"
            np.save(path, np.load(path)[:count])


def weights_and_images(folder: Path) -> tuple[list[np.ndarray], int]:
    """Return the weights of a process, and how many images it augmented."""
    with np.load(folder / "result.npz") as file:
        return [file[name] for name in file.files if name != "read"], int(file["read"])


def curves(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "plots/training.csv").drop(columns="phase")


def test_with_one_process_nothing_happens() -> None:
    model = cnn(48, 4, 0.5, 0)
    assert process_index_and_count() == (0, 1)
    assert broadcast(b"as it was") == b"as it was"
    check_same_inputs(lambda: pytest.fail("there is no other process"))
    with replicate(model) as replica:
        assert replica is model


@needs_jax
@pytest.mark.slow
def test_two_processes_train_as_one_each_on_its_part(arrays: Path) -> None:
    uneven(arrays)
    # Rounding differs, and adam divides by the root of gradients that are nearly zero.
    set_param(arrays, "optimizer: adam", "optimizer: sgd")
    set_param(arrays, "learning_rate: 0.001", "learning_rate: 0.01")
    one, two = machines(arrays, epochs=2, number=1), machines(arrays, epochs=2)
    run_together(one, two)
    (alone, whole), (first, half), (second, other) = (weights_and_images(folder) for folder in [*one, *two])
    assert all(map(np.array_equal, first, second))
    assert max(np.abs(a - b).max() for a, b in zip(first, alone, strict=True)) < 1e-6
    assert np.abs(curves(two[0]) - curves(one[0])).to_numpy().max() < 1e-5
    assert whole == 2 * 23 + 8  # Keras reads the first batch before it begins
    assert half == other == 2 * (4 + 4 + 7) + 4
    assert not [name for name in ("models", "plots", "metrics", ".scratch/checkpoints") if (two[1] / name).exists()]


@needs_jax
@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_two_processes_train_a_pretrained_network_as_one(pretrained: Path) -> None:
    uneven(pretrained)
    set_param(pretrained, "optimizer: adamw", "optimizer: sgd")
    # At ten times the rate its loss grows, and with it the differences of rounding.
    set_param(pretrained, "learning_rate: 0.001", "learning_rate: 0.0001")
    one, two = machines(pretrained, epochs=2, number=1), machines(pretrained, epochs=2)
    run_together(one, two)
    (alone, _), (first, _), (second, _) = (weights_and_images(folder) for folder in [*one, *two])
    assert all(map(np.array_equal, first, second))
    assert max(np.abs(a - b).max() for a, b in zip(first, alone, strict=True)) < 1e-5
    assert np.abs(curves(two[0]) - curves(one[0])).to_numpy().max() < 1e-5


@needs_jax
@pytest.mark.slow
def test_two_devices_of_one_process_train_as_one(arrays: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uneven(arrays)
    set_param(arrays, "optimizer: adam", "optimizer: sgd")
    set_param(arrays, "learning_rate: 0.001", "learning_rate: 0.01")
    one, two = (machines(arrays, epochs=2, number=1) for _ in range(2))
    run_together(one)
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=2")
    run_together(two)
    assert read_json(two[0] / "metrics/environment.json")["devices"] == "cpu:0, cpu:1"
    (alone, whole), (both, read) = (weights_and_images(folder) for folder in [*one, *two])
    assert max(np.abs(a - b).max() for a, b in zip(both, alone, strict=True)) < 1e-6
    assert np.abs(curves(two[0]) - curves(one[0])).to_numpy().max() < 1e-5
    assert read == whole


@needs_jax
@pytest.mark.slow
def test_a_batch_that_does_not_divide_is_named(arrays: Path) -> None:
    set_param(arrays, "batch_size: 8", "batch_size: 7")
    with pytest.raises(
        AssertionError, match=r"batch of 7 images cannot be divided among 2 devices; make train\.batch_size"
    ):
        run_together(machines(arrays, epochs=2))


@needs_jax
@pytest.mark.slow
@pytest.mark.parametrize("what", ["parameters", "arrays"])
def test_processes_with_other_inputs_are_named(arrays: Path, what: str) -> None:
    folders = machines(arrays, epochs=2)
    if what == "parameters":
        set_param(folders[1], "zoom: 0.2", "zoom: 0.1")
    else:
        np.save(folders[1] / "data/preprocess/val_y.npy", np.zeros(8, int))
    for child in start(folders):
        stderr = child.communicate(timeout=100)[1]
        assert stderr.splitlines()[-1].startswith(
            "error: process 1 has other arrays, parameters or code than process 0"
        )
        assert (child.returncode, "Traceback" in stderr) == (1, False)


@needs_jax
@pytest.mark.nightly
@pytest.mark.timeout(300)
def test_processes_of_several_devices_train_as_one_too(arrays: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uneven(arrays)
    set_param(arrays, "optimizer: adam", "optimizer: sgd")
    one = machines(arrays, epochs=2, number=1)
    run_together(one)
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=2")
    two = machines(arrays, epochs=2)
    run_together(two)
    (alone, _), (first, _), (second, _) = (weights_and_images(folder) for folder in [*one, *two])
    assert all(map(np.array_equal, first, second))
    assert max(np.abs(a - b).max() for a, b in zip(first, alone, strict=True)) < 1e-5
    assert np.abs(curves(two[0]) - curves(one[0])).to_numpy().max() < 1e-5


@needs_jax
@pytest.mark.nightly
@pytest.mark.timeout(300)
def test_half_precision_is_the_same_in_both_too(arrays: Path) -> None:
    uneven(arrays)
    set_param(arrays, "precision: float32", "precision: mixed_float16")  # its optimizer also scales the loss
    two = machines(arrays, epochs=2)
    run_together(two)
    (first, _), (second, _) = (weights_and_images(folder) for folder in two)
    assert all(map(np.array_equal, first, second))
    assert np.isfinite(curves(two[0])).to_numpy().all()
