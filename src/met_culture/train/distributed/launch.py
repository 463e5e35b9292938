"""Run a training as one of several processes; report a lost process in one sentence.

Every process runs the same command under KERAS_BACKEND=jax; cluster.py reads from the environment which one it is.
docs/scaling.md shows the commands. JAX aborts a process that loses another one, and no code inside can catch that.
Therefore a supervisor starts the process that trains.
"""

import atexit
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import keras

from met_culture.common.errors import UserError
from met_culture.common.paths import scratch_folder
from met_culture.train.distributed.cluster import PREFIX, PROCESSES, Cluster, read_cluster

SUPERVISED = f"{PREFIX}SUPERVISED"  # set by the supervisor, for the process that trains
LOST = 75  # exit code of a process that cannot reach another
STOPPED = 130  # exit code of a process that Ctrl-C ends
# XLA's names of the errors when another process does not answer; it raises some of them as ValueError.
UNREACHABLE = re.compile(r"\b(ABORTED|CANCELLED|DEADLINE_EXCEEDED|FAILED_PRECONDITION|INTERNAL|UNAVAILABLE|UNKNOWN): ")
LEAVING_S = 86_400  # wait of the others while process 0 writes the outputs; if it is lost, its silence ends the wait
LOOPBACK = ("127.0.0.1", "localhost")


def run_supervised(main: Callable[[], int | None], module: str) -> int | None:
    """Call `main`. One of several processes runs in a child process, so that a JAX abort becomes a readable error.

    Args:
        main: Function that trains.
        module: Module of this command; the child process runs it by `python -m`, with the same arguments.

    Returns:
        What `main` returns.

    Raises:
        UserError: Another process is lost, or the backend of Keras is not jax.
    """
    cluster = read_cluster(os.environ)
    if cluster is None:
        return main()
    if keras.backend.backend() != "jax":
        raise UserError(
            f"training in {cluster.processes} processes needs Keras's backend jax; set KERAS_BACKEND=jax, or "
            f"{PROCESSES}=1 to train in one process."
        )
    log = scratch_folder() / f"process-{cluster.process}.log"
    if SUPERVISED in os.environ:
        return _train_in_cluster(cluster, log, main)
    log.parent.mkdir(parents=True, exist_ok=True)
    return _supervise(cluster, log, module)


def _supervise(cluster: Cluster, log: Path, module: str) -> int:
    command = [sys.executable, "-m", module, *sys.argv[1:]]
    env = os.environ | {SUPERVISED: "1"}
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE) as child:  # noqa: S603 - our own command
        code = child.wait()
    if code == STOPPED:
        raise KeyboardInterrupt
    if code < 0 or code == LOST:
        raise UserError(
            f"process {cluster.process} of {cluster.processes} cannot reach another, or was killed (log: {log}); "
            "start all of them again, and they continue after the last epoch."
        )
    return code


def _exit_with_supervisor() -> None:
    os.read(0, 1)  # the supervisor holds the other end and writes nothing, so this returns when it dies
    os._exit(LOST)


def _train_in_cluster(cluster: Cluster, log: Path, main: Callable[[], int | None]) -> int | None:
    threading.Thread(target=_exit_with_supervisor, daemon=True).start()
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace")
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)  # JAX writes pages to file descriptor 2, from C++
    try:
        import jax

        _connect(cluster)
        code = main()
        jax.distributed.shutdown()  # waits for the others; in JAX's exit handler, a loss would print a traceback
        return code
    except KeyboardInterrupt:
        os._exit(STOPPED)  # the supervisor reports it
    except BaseException as error:
        if UNREACHABLE.search(str(error)):
            os.write(2, f"{error}\n".encode())
            os._exit(LOST)
        atexit.register(os._exit, 1)  # runs before JAX's exit handler, which would wait for the others
        raise


def _connect(cluster: Cluster) -> None:
    # Not keras.distribution.initialize, which cannot set the time limits; beyond this it would only draw a seed.
    import jax

    on_loopback = cluster.coordinator.rsplit(":", 1)[0] in LOOPBACK
    jax.distributed.initialize(
        cluster.coordinator,
        cluster.processes,
        cluster.process,
        cluster_detection_method="deactivate",
        initialization_timeout=cluster.wait_s,
        shutdown_timeout_seconds=LEAVING_S,
        heartbeat_timeout_seconds=cluster.wait_s // 3,
        coordinator_bind_address=cluster.coordinator if on_loopback else None,
    )
