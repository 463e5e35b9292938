import os
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from distributed import machines, outputs, run_together, start
from training import latest

from met_culture.common.errors import UserError
from met_culture.train.distributed.launch import run_supervised

needs_jax = pytest.mark.skipif(find_spec("jax") is None, reason="jax is not installed; requirements-dev.txt has it")
OURS = {"MET_CULTURE_COORDINATOR": "n0:5", "MET_CULTURE_PROCESSES": "2", "MET_CULTURE_PROCESS": "1"}
LOST = "cannot reach another, or was killed"


def test_one_process_calls_main_and_another_backend_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_supervised(lambda: 7, "unused") == 7
    for name, value in OURS.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match="KERAS_BACKEND=jax"):
        run_supervised(lambda: 7, "unused")


def training(folders: list[Path]) -> list[subprocess.Popen[str]]:
    """Start a training that is too long to finish during a test, and return when its second epoch is done."""
    children = start(folders, wait_s=30)
    while latest(folders[0]) < 2:
        assert all(child.poll() is None for child in children)
        time.sleep(0.01)
    return children


def trainer(supervisor: subprocess.Popen[str]) -> int:
    """Return the id of the process that a supervisor has started."""
    return int(subprocess.run(["pgrep", "-P", str(supervisor.pid)], capture_output=True, text=True).stdout)


@needs_jax
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("how", "lost"),
    [
        pytest.param(signal.SIGKILL, 0, marks=pytest.mark.slow),
        pytest.param(signal.SIGKILL, 1, marks=pytest.mark.nightly),
        pytest.param(signal.SIGSTOP, 0, marks=pytest.mark.nightly),
        pytest.param(signal.SIGSTOP, 1, marks=pytest.mark.nightly),
    ],
)
def test_a_lost_process_ends_all_with_one_error_and_they_continue(arrays: Path, how: signal.Signals, lost: int) -> None:
    folders = machines(arrays, epochs=40)
    children = training(folders)
    # The trainer falls silent, or its supervisor dies.
    victim = children[lost].pid
    if how is signal.SIGSTOP:
        victim = trainer(children[lost])
    os.kill(victim, how)
    since = time.monotonic()
    other = children[1 - lost]
    stderr = other.communicate(timeout=60)[1]
    assert time.monotonic() - since < 30
    assert other.returncode == 1
    assert "Traceback" not in stderr
    assert stderr.count("error:") == 1
    assert stderr.splitlines()[-1].startswith(f"error: process {1 - lost} of 2 {LOST}")
    assert "they continue after the last epoch" in stderr.splitlines()[-1]
    children[lost].kill()
    if how is signal.SIGSTOP:
        os.kill(victim, signal.SIGCONT)  # while stopped, it cannot see that its supervisor is dead
    children[lost].communicate(timeout=60)  # returns when its trainer has ended too
    reached = latest(folders[0])
    assert 2 <= reached < 40
    assert not (folders[0] / "models/last.keras").exists()
    assert all(f"continues after epoch {reached}" in stderr for stderr in run_together(folders))
    undisturbed = machines(arrays, epochs=40)
    run_together(undisturbed)
    assert outputs(folders[0]) == outputs(undisturbed[0])


@needs_jax
@pytest.mark.slow
def test_a_process_that_does_not_start_is_reported(arrays: Path) -> None:
    folders = machines(arrays, epochs=2)
    (child,) = start(folders, wait_s=6, present=1)
    assert "cannot reach another" in child.communicate(timeout=100)[1]
    assert child.returncode == 1


@needs_jax
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("alone", [False, True])
def test_ctrl_c_is_reported_once(arrays: Path, alone: bool) -> None:
    children = training(machines(arrays, epochs=400))
    if alone:  # as `kill` does
        children[0].send_signal(signal.SIGINT)
    else:  # as a terminal does, to the trainer too
        os.killpg(children[0].pid, signal.SIGINT)
    first, second = (child.communicate(timeout=100)[1] for child in children)
    assert first.endswith("stopped\n")
    assert (first.count("stopped"), "Traceback" in first, "error" in first) == (1, False, False)
    assert second.splitlines()[-1].startswith(f"error: process 1 of 2 {LOST}")
    assert [child.returncode for child in children] == [130, 1]


@needs_jax
@pytest.mark.slow
def test_the_others_end_too_if_process_0_cannot_write(arrays: Path) -> None:
    folders = machines(arrays, epochs=2)
    (folders[0] / "metrics/train.json").mkdir(parents=True)
    children = start(folders, wait_s=30)
    first, second = (child.communicate(timeout=100)[1] for child in children)
    assert "Is a directory" in first.splitlines()[-1]
    assert second.splitlines()[-1].startswith(f"error: process 1 of 2 {LOST}")
    assert "Traceback" not in first + second
    assert [child.returncode for child in children] == [1, 1]
