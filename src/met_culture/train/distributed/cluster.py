"""Read from the environment which processes train together, and the index of this one.

The environment is that of `MET_CULTURE_COORDINATOR`, `_PROCESSES` and `_PROCESS`, of torchrun, or of SLURM's srun.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from met_culture.common.errors import UserError

PREFIX = "MET_CULTURE_"
PROCESSES = f"{PREFIX}PROCESSES"
PROCESS = f"{PREFIX}PROCESS"
COORDINATOR = f"{PREFIX}COORDINATOR"
WAIT_S = f"{PREFIX}WAIT_S"
LEAST_WAIT_S = 3
Environment = Mapping[str, str]
Member = tuple[str, int, int]  # coordinator, number of processes, index of this one


@dataclass(frozen=True)
class Cluster:
    """The processes of a training.

    Attributes:
        coordinator: Host and port of process 0, which the others can reach.
        processes: Number of processes.
        process: Index of this process, from 0.
        wait_s: Seconds to wait for a process to start; a process that is silent for a third of it counts as lost.
    """

    coordinator: str
    processes: int
    process: int
    wait_s: int = 300


def first_host(nodes: str) -> str:
    """Return the first host of SLURM's notation, such as n01 of `n[01-03,07],m1`."""
    name, bracket, numbers = nodes.split(",")[0].partition("[")
    return name + re.split(r"\W", numbers)[0] if bracket else name


def _number(environ: Environment, name: str, fallback: str = "") -> int:
    text = environ.get(name, environ.get(fallback, ""))
    if not re.fullmatch(r"\d{1,18}", text):
        raise UserError(f"{name} must be a whole number (it is {text!r}); set it for every process.")
    return int(text)


def _from_own_variables(environ: Environment) -> Member | None:
    coordinator = environ.get(COORDINATOR)
    if coordinator:
        # Kubernetes gives the pods of an indexed job their index.
        return coordinator, _number(environ, PROCESSES), _number(environ, PROCESS, "JOB_COMPLETION_INDEX")
    if PROCESSES in environ or PROCESS in environ:
        raise UserError(f"{COORDINATOR} is missing; set it to host:port of process 0.")
    return None


def _from_torchrun(environ: Environment) -> Member | None:
    if not environ.keys() >= {"MASTER_ADDR", "MASTER_PORT", "WORLD_SIZE", "RANK"}:
        return None
    port = _number(environ, "MASTER_PORT") + 1  # torchrun itself listens on the port that it names
    return f"{environ['MASTER_ADDR']}:{port}", _number(environ, "WORLD_SIZE"), _number(environ, "RANK")


def _from_srun(environ: Environment) -> Member | None:
    # SLURM sets these only for processes that srun starts.
    if not environ.keys() >= {"SLURM_STEP_NODELIST", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID"}:
        return None
    port = 61440 + _number(environ, "SLURM_JOB_ID") % 4096  # JAX's own rule: two jobs rarely share a port
    coordinator = f"{first_host(environ['SLURM_STEP_NODELIST'])}:{port}"
    return coordinator, _number(environ, "SLURM_STEP_NUM_TASKS"), _number(environ, "SLURM_PROCID")


def read_cluster(environ: Environment) -> Cluster | None:
    """Return the processes that an environment describes, or None if this process trains alone.

    Args:
        environ: Variables `MET_CULTURE_*` take precedence over those of torchrun, and those over SLURM's.

    Raises:
        UserError: A variable is missing, is not a number, or does not fit the others.
    """
    if environ.get(PROCESSES) == "1":  # lets a process that srun or torchrun started train alone
        return None
    wait_s = _number(environ, WAIT_S) if WAIT_S in environ else Cluster.wait_s
    member = _from_own_variables(environ) or _from_torchrun(environ) or _from_srun(environ)
    if member is None:
        return None
    coordinator, processes, process = member
    if not re.fullmatch(r".+:\d+", coordinator) or process >= processes:
        raise UserError(
            f"process {process} of {processes} at {coordinator!r} is not valid; give the coordinator as host:port, and "
            "count the processes from 0."
        )
    return Cluster(coordinator, processes, process, max(wait_s, LEAST_WAIT_S)) if processes > 1 else None
