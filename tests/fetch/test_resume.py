"""A fetch that is killed at any moment continues, and ends in the bytes of an undisturbed one."""

import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import fetching
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import ROOT, ask_museum, picture, record, set_param, write_folder

from met_culture.museum.behavior import ServerBehavior
from met_culture.museum.server import serving

OBJECTS = 60
KILLS = 30
PARALLEL = 4


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a museum of sixty works, some of which share a picture, lack one, or are no candidates."""
    folder = tmp_path_factory.mktemp("large") / "museum"
    works = [record(i) for i in range(1, OBJECTS + 1)]
    works[3]["primaryImageSmall"] = works[5]["primaryImageSmall"] = works[7]["primaryImageSmall"]
    works[8]["primaryImageSmall"] = ""
    works[9]["classification"] = "Prints"
    works[10]["culture"] = ["malformed"]
    for i in range(1, OBJECTS + 1 - 3):  # the last three links are dead
        picture(folder / f"images/CRDImages/as/web-large/{i}.jpg", seed=i)
    return write_folder(folder, works)


def workspace(folder: Path, api: str) -> Path:
    folder.mkdir()
    shutil.copy(ROOT / "params.yaml", folder)
    ask_museum(folder, api)
    set_param(folder, "catalog: search", "catalog: listing")
    set_param(folder, "parallel_images: 8", f"parallel_images: {PARALLEL}")
    set_param(folder, "timeout_s: 30", "timeout_s: 0.5")
    return folder


def waited_for(behavior: ServerBehavior, requests: int, alive: object) -> bool:
    while len(behavior.requests) < requests:
        if not alive():
            return False
        time.sleep(0.001)
    return True


@pytest.mark.parametrize("faults", [0.0, pytest.param(0.15, marks=pytest.mark.slow)])
@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moments=st.lists(st.tuples(st.integers(1, 4), st.floats(0, 0.03)), min_size=KILLS, max_size=KILLS))
def test_kills_leave_no_trace(
    large: Path, tmp_path_factory: pytest.TempPathFactory, faults: float, moments: list[tuple[int, float]]
) -> None:
    top = tmp_path_factory.mktemp("killed")
    behavior = ServerBehavior(faults=faults, seed=5, latency_s=0.005)
    with serving(large, behavior=behavior) as api:
        undisturbed, killed = (workspace(top / name, api) for name in ("undisturbed", "killed"))
        assert fetching.finish(undisturbed) == 0, (undisturbed / "fetch.out").read_text()
        once = len(behavior.requests)
        kills = 0
        for requests, delay in moments:
            child = fetching.start(killed)
            if waited_for(behavior, len(behavior.requests) + requests, child.is_alive):
                time.sleep(delay)
                kills += child.is_alive()
            child.kill()
            child.join()
        assert fetching.finish(killed) == 0, (killed / "fetch.out").read_text()
        assert kills >= 25
        # What a kill may cost: the requests in flight, one of the API and one of each image thread.
        assert len(behavior.requests) - once <= once + kills * (1 + PARALLEL)
    assert fetching.outputs(killed) == fetching.outputs(undisturbed)


def test_kills_while_the_outputs_are_built(large: Path, tmp_path: Path) -> None:
    draw = random.Random(0)  # noqa: S311 - moments, not secrets
    with serving(large) as api:
        folder = workspace(tmp_path / "w", api)
        assert fetching.finish(folder) == 0
        expected = fetching.outputs(folder)
        for _ in range(8):
            child = fetching.start(folder)
            time.sleep(draw.uniform(0.05, 0.4))
            child.kill()
            child.join()
        assert fetching.finish(folder) == 0
    assert fetching.outputs(folder) == expected


@pytest.fixture
def slow(large: Path, tmp_path: Path) -> Iterator[Path]:
    """Return a workspace whose museum takes its time."""
    with serving(large, behavior=ServerBehavior(latency_s=0.05)) as api:
        yield workspace(tmp_path / "slow", api)


def test_a_second_fetch_says_that_the_first_is_running(slow: Path) -> None:
    first = fetching.start(slow)
    while not list(slow.rglob("state.db")):
        time.sleep(0.01)
    os.kill(first.pid, signal.SIGSTOP)  # else it may end before the second has started
    second = fetching.start(slow)
    second.join(20)
    assert second.exitcode == 1
    os.kill(first.pid, signal.SIGCONT)
    assert second.exitcode == 1
    assert "another fetch of this source is running" in (slow / "fetch.out").read_text()
    first.join()
    assert first.exitcode == 0


def test_ctrl_c_ends_with_a_summary_and_the_next_run_continues(slow: Path) -> None:
    child = fetching.start(slow)
    while "0/60" not in (slow / "fetch.out").read_text() if (slow / "fetch.out").exists() else True:
        time.sleep(0.01)
    time.sleep(0.3)
    os.kill(child.pid, signal.SIGINT)
    child.join()
    output = (slow / "fetch.out").read_text()
    assert child.exitcode == 130
    assert "of 60 objects; run again to continue" in output
    assert "Traceback" not in output
    assert fetching.finish(slow) == 0


def test_a_full_disk_ends_in_one_sentence_and_the_next_run_continues(large: Path, tmp_path: Path) -> None:
    behavior = ServerBehavior()
    with serving(large, behavior=behavior) as api:
        folder = workspace(tmp_path / "w", api)
        assert fetching.finish(folder, file_limit=100_000) == 1
        output = (folder / "fetch.out").read_text()
        assert output.splitlines()[-1].startswith("error: ")
        assert "state.db" in output.splitlines()[-1]
        assert "Traceback" not in output
        records = sum("/v1/objects/" in request.path for request in behavior.requests)
        assert 0 < records < OBJECTS
        assert fetching.finish(folder) == 0
        assert sum("/v1/objects/" in request.path for request in behavior.requests) <= OBJECTS + 1


def test_a_finished_fetch_has_nothing_left_to_ask_but_the_catalogue(large: Path, tmp_path: Path) -> None:
    behavior = ServerBehavior(gone=0.1, seed=1)
    with serving(large, behavior=behavior) as api:
        folder = workspace(tmp_path / "w", api)
        assert fetching.finish(folder) == 0
        before = len(behavior.requests)
        assert any(request.status == 404 and request.host == "api" for request in behavior.requests)
        assert fetching.finish(folder) == 0
        assert [request.path for request in behavior.requests[before:]] == ["/v1/objects"]
