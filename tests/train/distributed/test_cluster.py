import pytest

from met_culture.common.errors import UserError
from met_culture.train.distributed.cluster import Cluster, first_host, read_cluster

OURS = {"MET_CULTURE_COORDINATOR": "n0:5", "MET_CULTURE_PROCESSES": "2", "MET_CULTURE_PROCESS": "1"}
TORCHRUN = {"MASTER_ADDR": "n0", "MASTER_PORT": "29500", "WORLD_SIZE": "4", "RANK": "3"}
SLURM = {
    "SLURM_STEP_NODELIST": "n[07-09,12]",
    "SLURM_STEP_NUM_TASKS": "4",
    "SLURM_NTASKS": "4",
    "SLURM_PROCID": "2",
    "SLURM_JOB_ID": "8193",
}


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
        # A batch script sees the variables of its job, and is one process nevertheless.
        ({"SLURM_JOB_NODELIST": "n[07-09]", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"}, None),
    ],
)
def test_the_environment_describes_the_processes(environ: dict[str, str], expected: Cluster | None) -> None:
    assert read_cluster(environ) == expected


def test_a_pod_of_an_indexed_job_knows_its_index() -> None:
    environ = {name: value for name, value in OURS.items() if name != "MET_CULTURE_PROCESS"}
    assert read_cluster(environ | {"JOB_COMPLETION_INDEX": "0"}) == Cluster("n0:5", 2, 0)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"MET_CULTURE_PROCESS": "two"}, "MET_CULTURE_PROCESS must be a whole number"),
        ({"MET_CULTURE_PROCESSES": ""}, "MET_CULTURE_PROCESSES must be a whole number"),
        ({"MET_CULTURE_PROCESS": "2"}, "process 2 of 2 at 'n0:5' is not valid"),
        ({"MET_CULTURE_COORDINATOR": ""}, "MET_CULTURE_COORDINATOR is missing"),
        ({"MET_CULTURE_COORDINATOR": "n0"}, "'n0' is not valid; give the coordinator as host:port"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, str], named: str) -> None:
    with pytest.raises(UserError, match=named):
        read_cluster(OURS | change)


@pytest.mark.parametrize(
    ("nodes", "first"), [("n1", "n1"), ("n1,m2", "n1"), ("gpu-a[3-5,9],m1", "gpu-a3"), ("n1,m[2-3]", "n1")]
)
def test_the_first_host_of_slurms_notation(nodes: str, first: str) -> None:
    assert first_host(nodes) == first
