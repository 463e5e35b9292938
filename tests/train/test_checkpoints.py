import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from met_culture.train import checkpoints
from met_culture.train.checkpoints import KEPT, Checkpoints, checkpoint_key
from met_culture.train.state import State


def state(epochs: int, value: float = 0.1) -> State:
    rows = tuple({"epoch": epoch + 1, "val_loss": value / 3} for epoch in range(epochs))
    # A scalar, an integer and no element at all, as variables of optimizers and of random layers may be.
    variables = (np.float32(value).reshape(()), np.arange(12, dtype=np.int64), np.empty((0, 3), np.float32))
    return State(rows, variables, tuple(np.full((i + 1, 2), value, np.float32) for i in range(11)))


def same(first: State, second: State) -> bool:
    pairs = [*zip(first.variables, second.variables, strict=True), *zip(first.best, second.best, strict=True)]
    return first.rows == second.rows and all(
        a.tobytes() == b.tobytes() and (a.dtype, a.shape) == (b.dtype, b.shape) for a, b in pairs
    )


def test_what_is_saved_comes_back_bit_for_bit(tmp_path: Path) -> None:
    Checkpoints(tmp_path, "k").save(state(3))
    assert same(Checkpoints(tmp_path, "k").latest(3), state(3))


def test_none_before_the_first_and_none_beyond_the_requested_epochs(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path / "not there", "k").latest(5) is None
    Checkpoints(tmp_path, "k").save(state(6))
    assert Checkpoints(tmp_path, "k").latest(5) is None


def test_another_key_is_another_training(tmp_path: Path) -> None:
    Checkpoints(tmp_path, "a").save(state(2))
    Checkpoints(tmp_path, "a-2").save(state(2))
    assert Checkpoints(tmp_path, "b").latest(2) is None


def test_a_run_keeps_its_last_epoch_only_and_the_end_of_the_run_before(tmp_path: Path) -> None:
    for epochs in (range(1, 4), range(4, 8)):
        run = Checkpoints(tmp_path, "k")
        for epoch in epochs:
            run.save(state(epoch))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["k-000003.npz", "k-000007.npz"]
    assert len(Checkpoints(tmp_path, "k").latest(6).rows) == 3


def test_their_number_is_bounded_and_the_last_used_stay(tmp_path: Path) -> None:
    for number in range(KEPT):
        Checkpoints(tmp_path, f"k{number}").save(state(1))
        os.utime(tmp_path / f"k{number}-000001.npz", (number, number))
    Checkpoints(tmp_path, "k0").latest(1)
    Checkpoints(tmp_path, "new").save(state(1))
    left = {path.name.split("-")[0] for path in tmp_path.iterdir()}
    assert len(left) == KEPT
    assert {"k0", "new"} <= left
    assert "k1" not in left


@pytest.mark.parametrize("damage", ["empty", "cut off", "one bit", "text", "other epoch"])
def test_a_damaged_file_is_named_and_an_older_one_is_used(
    tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Checkpoints(tmp_path, "k").save(state(2))
    Checkpoints(tmp_path, "k").save(state(4))
    path = tmp_path / "k-000004.npz"
    data = bytearray(path.read_bytes())
    if damage == "one bit":
        data[len(data) // 2] ^= 1
    contents = {"empty": b"", "cut off": data[:-100], "text": b"not an archive", "one bit": data}
    path.write_bytes(contents.get(damage) if damage in contents else (tmp_path / "k-000002.npz").read_bytes())
    run = Checkpoints(tmp_path, "k")
    assert len(run.latest(9).rows) == 2
    assert "k-000004.npz is damaged" in capsys.readouterr().err
    run.save(state(4))
    assert same(Checkpoints(tmp_path, "k").latest(9), state(4))


def test_the_key_is_of_settings_data_and_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "module.py"
    for name in checkpoints.INPUTS:
        (tmp_path / name).write_bytes(b"1")
    module.write_text("A = 1")
    loaded = checkpoints._loaded_code()
    assert Path(checkpoints.__file__) in loaded
    monkeypatch.setattr(checkpoints, "_loaded_code", lambda: loaded | {module})
    first = checkpoint_key({"a": 1}, tmp_path)
    assert checkpoint_key({"a": 1}, tmp_path) == first
    assert checkpoint_key({"a": 2}, tmp_path) != first
    module.write_text("A = 2")
    assert checkpoint_key({"a": 1}, tmp_path) != first
    module.write_text("A = 1")
    assert checkpoint_key({"a": 1}, tmp_path) == first
    for name in checkpoints.INPUTS:
        (tmp_path / name).write_bytes(b"2")
        assert checkpoint_key({"a": 1}, tmp_path) != first
        (tmp_path / name).write_bytes(b"1")


def test_the_code_is_that_of_this_package_wherever_its_modules_lie() -> None:
    """A module that `python -m` runs is called __main__, and its code counts all the same."""
    code = "import runpy, sys; sys.argv = ['train']; runpy.run_module('met_culture.train', run_name='loaded')\n"
    code += "from met_culture.train.checkpoints import _loaded_code; print(*_loaded_code())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    package = Path(checkpoints.__file__).parent.parent
    loaded = {str(Path(path).relative_to(package)) for path in done.stdout.split()}
    assert {"train/loop.py", "train/distributed/launch.py", "models/model_file.py", "common/files.py"} <= loaded
    assert {path.split("/")[0] for path in loaded if "/" in path} == {"common", "models", "preprocess", "train"}


def test_the_last_checkpoint_of_a_parallel_run_stays(tmp_path: Path) -> None:
    shorter, longer = (Checkpoints(tmp_path, "k") for _ in range(2))
    shorter.save(state(2))
    for epoch in (1, 2, 3):
        longer.save(state(epoch))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["k-000002.npz", "k-000003.npz"]


def test_a_full_disk_costs_a_note_and_not_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(checkpoints, "write_bytes", full)
    run = Checkpoints(tmp_path, "k")
    run.save(state(1))
    run.save(state(2))
    assert capsys.readouterr().err.count("no checkpoint is kept") == 1
    monkeypatch.undo()
    run.save(state(3))
    assert len(Checkpoints(tmp_path, "k").latest(9).rows) == 3


def test_old_partial_files_of_killed_writers_are_removed(tmp_path: Path) -> None:
    for name, age in ((".k-000001.npz.1-1", 0), (".k-000001.npz.2-2", 2 * checkpoints.ABANDONED_S)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    Checkpoints(tmp_path, "k").save(state(1))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".k-000001.npz.1-1", "k-000001.npz"]


def test_saving_is_due_when_it_costs_little_of_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: clock[0])
    run = Checkpoints(tmp_path, "k")
    assert run.is_due()  # nothing is known of the cost yet

    def slow(path: Path, data: bytes) -> None:
        clock[0] += 0.25

    monkeypatch.setattr(checkpoints, "write_bytes", slow)
    run.save(state(1))
    clock[0] += 12
    assert not run.is_due()
    clock[0] += 0.5
    assert run.is_due()
