import os
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from distributed import machines, outputs, start, together
from test_train import latest

from met_culture.cluster import Cluster, attended, cluster, first_host
from met_culture.command import UserError

needs_jax = pytest.mark.skipif(find_spec("jax") is None, reason="jax is not installed; requirements-dev.txt has it")
OURS = {"MET_CULTURE_COORDINATOR": "n0:5", "MET_CULTURE_PROCESSES": "2", "MET_CULTURE_PROCESS": "1"}
TORCHRUN = {"MASTER_ADDR": "n0", "MASTER_PORT": "29500", "WORLD_SIZE": "4", "RANK": "3"}
SLURM = {
    "SLURM_STEP_NODELIST": "n[07-09,12]",
    "SLURM_STEP_NUM_TASKS": "4",
    "SLURM_NTASKS": "4",
    "SLURM_PROCID": "2",
    "SLURM_JOB_ID": "8193",
}
LOST = "cannot reach another, or was killed"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        (OURS, Cluster("n0:5", 2, 1)),
        (OURS | {"MET_CULTURE_WAIT_S": "60"}, Cluster("n0:5", 2, 1, 60)),
        (OURS | {"MET_CULTURE_PROCESSES": "1", "MET_CULTURE_PROCESS": "0"}, None),
        (OURS | TORCHRUN | SLURM, Cluster("n0:5", 2, 1)),
        (TORCHRUN, Cluster("n0:29501", 4, 3)),
        (SLURM, Cluster("n07:61441", 4, 2)),
        (SLURM | {"MET_CULTURE_PROCESSES": "1"}, None),
        # The shell of salloc is a step of its own in a job of four tasks.
        (SLURM | {"SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"}, None),
        # A batch script sees its job, and is one process all the same.
        ({"SLURM_JOB_NODELIST": "n[07-09]", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"}, None),
    ],
)
def test_the_environment_says_who_takes_part(environ: dict[str, str], expected: Cluster | None) -> None:
    assert cluster(environ) == expected


def test_a_pod_of_an_indexed_job_knows_its_number() -> None:
    environ = {name: value for name, value in OURS.items() if name != "MET_CULTURE_PROCESS"}
    assert cluster(environ | {"JOB_COMPLETION_INDEX": "0"}) == Cluster("n0:5", 2, 0)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"MET_CULTURE_PROCESS": "two"}, "MET_CULTURE_PROCESS must be a whole number"),
        ({"MET_CULTURE_PROCESSES": ""}, "MET_CULTURE_PROCESSES must be a whole number"),
        ({"MET_CULTURE_PROCESS": "2"}, "process 2 of 2 at 'n0:5' cannot be"),
        ({"MET_CULTURE_COORDINATOR": ""}, "MET_CULTURE_COORDINATOR is missing"),
        ({"MET_CULTURE_COORDINATOR": "n0"}, "'n0' cannot be; give host:port"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, str], named: str) -> None:
    with pytest.raises(UserError, match=named):
        cluster(OURS | change)


@pytest.mark.parametrize(
    ("nodes", "first"), [("n1", "n1"), ("n1,m2", "n1"), ("gpu-a[3-5,9],m1", "gpu-a3"), ("n1,m[2-3]", "n1")]
)
def test_the_first_host_of_slurms_notation(nodes: str, first: str) -> None:
    assert first_host(nodes) == first


def test_one_process_alone_just_runs_and_another_backend_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert attended(lambda: 7) == 7
    for name, value in OURS.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match="KERAS_BACKEND=jax"):
        attended(lambda: 7)


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
def test_a_lost_process_ends_all_with_a_sentence_and_they_continue(
    arrays: Path, how: signal.Signals, lost: int
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
    assert all(f"continues after epoch {reached}" in told for told in together(folders))
    undisturbed = machines(arrays, epochs=40)
    together(undisturbed)
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
