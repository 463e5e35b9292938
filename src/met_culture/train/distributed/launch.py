"""The processes of a training on several machines: which of them this is, and what is said when one is lost.

Every process runs the same command under KERAS_BACKEND=jax; its environment says which one it is, as SLURM, torchrun or
`MET_CULTURE_COORDINATOR`, `_PROCESSES` and `_PROCESS` set it. docs/scaling.md shows the commands.
"""

import atexit
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import keras

from met_culture.common.errors import UserError
from met_culture.common.paths import scratch_folder

PREFIX = "MET_CULTURE_"
ATTENDED = f"{PREFIX}ATTENDED"  # set in the process that trains, by the one that attends it
LOST = 75  # exit code of a process that cannot reach another
STOPPED = 130  # and of one that Ctrl-C ends
# What XLA names its errors when another process does not answer; some it raises as ValueError.
UNREACHABLE = re.compile(r"\b(ABORTED|CANCELLED|DEADLINE_EXCEEDED|FAILED_PRECONDITION|INTERNAL|UNAVAILABLE|UNKNOWN): ")
LEAVING_S = 86_400  # the others wait while process 0 writes the outputs; if it is lost, its silence says so
LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Cluster:
    """The processes of a training.

    Attributes:
        coordinator: Host and port of process 0, which the others can reach.
        processes: How many there are.
        process: Which of them this is, from 0.
        wait_s: Seconds until a process that does not come is given up; a third of it is the silence after which one
            counts as lost.
    """

    coordinator: str
    processes: int
    process: int
    wait_s: int = 300


def first_host(nodes: str) -> str:
    """Return the first host of SLURM's notation, such as n01 of `n[01-03,07],m1`."""
    return "".join(re.match(r"([^,\[]*)(?:\[(\w+))?", nodes).groups(""))


def cluster(environ: Mapping[str, str]) -> Cluster | None:
    """Return what an environment says of the processes of a training, or None where there is one alone.

    Args:
        environ: Its own words, `MET_CULTURE_*`, go before those of torchrun, and those before SLURM's.

    Raises:
        UserError: A variable is missing or no number.
    """

    def number(*names: str) -> int:
        text = next((environ[name] for name in names if name in environ), "")
        if not re.fullmatch(r"\d{1,18}", text):
            raise UserError(f"{names[0]} must be a whole number (it is {text!r}); set it for every process.")
        return int(text)

    if environ.get(f"{PREFIX}PROCESSES") == "1":  # also inside of what srun or torchrun starts
        return None
    wait_s = number(f"{PREFIX}WAIT_S") if f"{PREFIX}WAIT_S" in environ else Cluster.wait_s
    if coordinator := environ.get(f"{PREFIX}COORDINATOR"):
        # The index is what Kubernetes gives the pods of an indexed job.
        who = number(f"{PREFIX}PROCESSES"), number(f"{PREFIX}PROCESS", "JOB_COMPLETION_INDEX")
    elif environ.keys() & {f"{PREFIX}PROCESSES", f"{PREFIX}PROCESS"}:
        raise UserError(f"{PREFIX}COORDINATOR is missing; set it to host:port of process 0.")
    elif environ.keys() >= {"MASTER_ADDR", "MASTER_PORT", "WORLD_SIZE", "RANK"}:
        coordinator = f"{environ['MASTER_ADDR']}:{number('MASTER_PORT') + 1}"  # torchrun listens on its port itself
        who = number("WORLD_SIZE"), number("RANK")
    elif environ.keys() >= {"SLURM_STEP_NODELIST", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID"}:  # only in what srun starts
        port = 61440 + number("SLURM_JOB_ID") % 4096  # JAX's own choice too: two jobs rarely meet on a machine
        coordinator = f"{first_host(environ['SLURM_STEP_NODELIST'])}:{port}"
        who = number("SLURM_STEP_NUM_TASKS"), number("SLURM_PROCID")
    else:
        return None
    if not re.fullmatch(r".+:\d+", coordinator) or who[1] >= who[0]:
        raise UserError(f"process {who[1]} of {who[0]} at {coordinator!r} cannot be; give host:port, and count from 0.")
    return Cluster(coordinator, *who, max(wait_s, 3)) if who[0] > 1 else None


def attended(main: Callable[[], int | None]) -> int | None:
    """Call `main`; one of several processes calls it in a child, so that a loss that JAX aborts at has its sentence.

    Args:
        main: Of a module that `python -m` runs.

    Returns:
        What `main` returns.

    Raises:
        UserError: Another process is lost, or Keras's backend is not jax.
    """
    team = cluster(os.environ)
    if team is None:
        return main()
    if keras.backend.backend() != "jax":
        raise UserError(
            f"training in {team.processes} processes needs Keras's backend jax; set KERAS_BACKEND=jax, or "
            f"{PREFIX}PROCESSES=1 for one that trains alone."
        )
    log = scratch_folder() / f"process-{team.process}.log"
    if ATTENDED in os.environ:
        return _take_part(team, log, main)
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", sys.modules["__main__"].__spec__.name, *sys.argv[1:]]
    with subprocess.Popen(command, env=os.environ | {ATTENDED: "1"}, stdin=subprocess.PIPE) as child:  # noqa: S603 - ours
        code = child.wait()
    if code == STOPPED:
        raise KeyboardInterrupt
    if code < 0 or code == LOST:
        raise UserError(
            f"process {team.process} of {team.processes} cannot reach another, or was killed (JAX's words: {log}); "
            "start all of them again, and they continue after the last epoch."
        )
    return code


def _take_part(team: Cluster, log: Path, main: Callable[[], int | None]) -> int | None:
    # The attending process holds the other end, so that its death is the end of this one too.
    threading.Thread(target=lambda: (os.read(0, 1), os._exit(LOST)), daemon=True).start()
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)  # JAX speaks from C++, by the page
    try:
        import jax

        _join(team)
        code = main()
        jax.distributed.shutdown()  # waits for the others; left to JAX's exit handler, a loss would be a traceback
        return code
    except KeyboardInterrupt:
        os._exit(STOPPED)  # the attending process says so
    except BaseException as error:
        if UNREACHABLE.search(str(error)):
            os.write(2, f"{error}\n".encode())
            os._exit(LOST)
        atexit.register(os._exit, 1)  # runs before what JAX registered, which would wait for the others
        raise


def _join(team: Cluster) -> None:
    # Not keras.distribution.initialize, which passes no time limits on; it would only draw a seed on top.
    import jax

    jax.distributed.initialize(
        team.coordinator,
        team.processes,
        team.process,
        cluster_detection_method="deactivate",
        initialization_timeout=team.wait_s,
        shutdown_timeout_seconds=LEAVING_S,
        heartbeat_timeout_seconds=team.wait_s // 3,
        coordinator_bind_address=team.coordinator if team.coordinator.rsplit(":", 1)[0] in LOOPBACK else None,
    )
