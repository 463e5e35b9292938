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


def test_one_process_alone_just_runs_and_another_backend_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_supervised(lambda: 7, "unused") == 7
    for name, value in OURS.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match="KERAS_BACKEND=jax"):
        run_supervised(lambda: 7, "unused")


def training(folders: list[Path]) -> list[subprocess.Popen[str]]:
    """Start a training of more than a test waits for, and return when it has begun."""
    children = start(folders, wait_s=30)
    while latest(folders[0]) < 2:
        assert all(child.poll() is None for child in children)
        time.sleep(0.01)
    return children


def trainer(child: subprocess.Popen[str]) -> int:
    """Return the process that a started one attends."""
    return int(subprocess.run(["pgrep", "-P", str(child.pid)], capture_output=True, text=True).stdout)


@needs_jax
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("lost", [0, 1])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_lost_process_ends_all_with_a_sentence_and_they_continue(
    arrays: Path, lost: int, how: signal.Signals
) -> None:
    folders = machines(arrays, epochs=40)
    children = training(folders)
    # What trains, where it only falls silent; the one that attends it, where it dies.
    victim = children[lost].pid
    if how is signal.SIGSTOP:
        victim = trainer(children[lost])
    os.kill(victim, how)
    since = time.monotonic()
    other = children[1 - lost]
    said = other.communicate(timeout=60)[1]
    assert time.monotonic() - since < 30
    assert other.returncode == 1
    assert "Traceback" not in said
    assert said.count("error:") == 1
    assert said.splitlines()[-1].startswith(f"error: process {1 - lost} of 2 {LOST}")
    assert "they continue after the last epoch" in said.splitlines()[-1]
    children[lost].kill()
    if how is signal.SIGSTOP:
        os.kill(victim, signal.SIGCONT)  # stopped, it could not see that it is alone
    children[lost].communicate(timeout=60)  # to the end of its trainer too
    reached = latest(folders[0])
    assert 2 <= reached < 40
    assert not (folders[0] / "models/last.keras").exists()
    assert all(f"continues after epoch {reached}" in told for told in run_together(folders))
    undisturbed = machines(arrays, epochs=40)
    run_together(undisturbed)
    assert outputs(folders[0]) == outputs(undisturbed[0])


@needs_jax
@pytest.mark.slow
def test_who_does_not_come_is_missed(arrays: Path) -> None:
    folders = machines(arrays, epochs=2)
    (child,) = start(folders, wait_s=6, present=1)
    assert "cannot reach another" in child.communicate(timeout=100)[1]
    assert child.returncode == 1


@needs_jax
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("alone", [False, True])
def test_ctrl_c_is_said_once(arrays: Path, alone: bool) -> None:
    children = training(machines(arrays, epochs=400))
    if alone:  # as `kill` sends it
        children[0].send_signal(signal.SIGINT)
    else:  # as a terminal does, to what trains too
        os.killpg(children[0].pid, signal.SIGINT)
    first, second = (child.communicate(timeout=100)[1] for child in children)
    assert first.endswith("stopped\n")
    assert (first.count("stopped"), "Traceback" in first, "error" in first) == (1, False, False)
    assert second.splitlines()[-1].startswith(f"error: process 1 of 2 {LOST}")
    assert [child.returncode for child in children] == [130, 1]


@needs_jax
@pytest.mark.slow
def test_where_process_0_cannot_write_the_others_end_too(arrays: Path) -> None:
    folders = machines(arrays, epochs=2)
    (folders[0] / "metrics/train.json").mkdir(parents=True)
    children = start(folders, wait_s=30)
    first, second = (child.communicate(timeout=100)[1] for child in children)
    assert "Is a directory" in first.splitlines()[-1]
    assert second.splitlines()[-1].startswith(f"error: process 1 of 2 {LOST}")
    assert "Traceback" not in first + second
    assert [child.returncode for child in children] == [1, 1]
