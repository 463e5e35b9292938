"""The fetch against a server that limits and fails as the museum does, seen from the server's side; time is scaled.

The museum blocks an address after about 80 requests in a rolling minute. Here a minute takes 3 seconds, so that the
default rate of one request a second is 20 a second.
"""

import shutil
import statistics
from collections import Counter
from itertools import pairwise
from pathlib import Path

import fetching
import pytest
from catalogues import HEADER, write_csv
from support import ROOT, ask_museum, picture, record, set_param, write_folder

from met_culture.common.files import read_json
from met_culture.museum.behavior import ServerBehavior
from met_culture.museum.server import serving

SCALE = 20
LIMIT = {"limit": 80, "window_s": 60 / SCALE, "block_s": 60 / SCALE}
OBJECTS = 100


@pytest.fixture(scope="module")
def paintings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a museum of a hundred paintings."""
    folder = tmp_path_factory.mktemp("paintings") / "museum"
    for i in range(1, OBJECTS + 1):
        picture(folder / f"images/CRDImages/as/web-large/{i}.jpg", seed=i, size=(40, 30))
    return write_folder(folder, [record(i) for i in range(1, OBJECTS + 1)])


def workspace(folder: Path, api: str, catalog: str = "search", file: str = "null") -> Path:
    folder.mkdir()
    shutil.copy(ROOT / "params.yaml", folder)
    ask_museum(folder, api, SCALE)
    set_param(folder, "timeout_s: 30", "timeout_s: 0.75")
    set_param(folder, "catalog: search", f"catalog: {catalog}")
    set_param(folder, "catalog_file: null", f"catalog_file: {file}")
    return folder


def fetched(folder: Path) -> dict:
    assert fetching.finish(folder) == 0, (folder / "fetch.out").read_text()
    return read_json(folder / "metrics/fetch.json")


def requests_to(behavior: ServerBehavior, host: str) -> list:
    return [request for request in behavior.requests if request.host == host]


def csv_of(folder: Path) -> Path:
    rows = [["1.1", "True", str(i), "Asian Art", "Painting", "", "Paintings"] for i in range(1, OBJECTS + 1)]
    return write_csv(folder / "MetObjects.csv", *rows, header=HEADER)


@pytest.mark.slow
def test_every_obtainable_painting_once_and_no_block_with_all_faults(paintings: Path, tmp_path: Path) -> None:
    behavior = ServerBehavior(**LIMIT, faults=0.15, gone=0.02, seed=3)
    with serving(paintings, behavior=behavior) as api:
        metrics = fetched(workspace(tmp_path / "w", api))
    gone = {request.path for request in requests_to(behavior, "api") if request.status == 404}
    assert metrics["statuses"] == {"ok": OBJECTS - len(gone), "record_gone": len(gone)}
    assert not any(request.blocked for request in behavior.requests)
    good = Counter(request.path for request in behavior.requests if request.status in (200, 404) and not request.fault)
    assert set(good.values()) == {1}  # nothing that succeeded is asked for again
    assert len({request.fault for request in behavior.requests}) > 10, "the faults came up"


def test_a_fetch_that_starts_blocked_recovers_by_itself(paintings: Path, tmp_path: Path) -> None:
    behavior = ServerBehavior(**LIMIT, blocked_at_start=True)
    with serving(paintings, behavior=behavior) as api:
        metrics = fetched(workspace(tmp_path / "w", api))
    assert metrics["statuses"] == {"ok": OBJECTS}
    blocked = [request.blocked for request in requests_to(behavior, "api")]
    assert blocked[0]
    assert not any(blocked[sum(blocked) :]), "blocked again after the first block was over"
    assert sum(blocked) < 10


@pytest.mark.parametrize(("catalog", "most"), [("csv", 1.05), ("search", 1.1)])
def test_requests_and_time_of_the_api_are_near_the_ideal(
    paintings: Path, tmp_path: Path, catalog: str, most: float
) -> None:
    behavior = ServerBehavior(**LIMIT)
    with serving(paintings, behavior=behavior) as api:
        metrics = fetched(
            workspace(tmp_path / "w", api, catalog, str(csv_of(tmp_path)) if catalog == "csv" else "null")
        )
    assert metrics["statuses"] == {"ok": OBJECTS}
    requests = requests_to(behavior, "api")
    assert len(requests) / OBJECTS <= most
    records = [request.time for request in requests if "/v1/objects/" in request.path]
    # The median, as the total depends on what else the machine does.
    between = statistics.median(after - before for before, after in pairwise(records))
    assert 0.98 / SCALE <= between <= 1.05 / SCALE
    assert not any(request.blocked for request in requests)


def test_a_dump_asks_the_api_for_nothing(paintings: Path, tmp_path: Path) -> None:
    behavior = ServerBehavior(**LIMIT)
    with serving(paintings, behavior=behavior) as api:
        dump = tmp_path / "dump.jsonl"
        images = f"{api}/images/https/images.metmuseum.org/"
        dump.write_text((paintings / "records.jsonl").read_text().replace("https://images.metmuseum.org/", images))
        metrics = fetched(workspace(tmp_path / "w", api, "dump", str(dump)))
    assert metrics["statuses"] == {"ok": OBJECTS}
    assert requests_to(behavior, "api") == []
    assert len(requests_to(behavior, "images")) == OBJECTS


def test_images_arrive_while_records_are_being_asked_for(paintings: Path, tmp_path: Path) -> None:
    behavior = ServerBehavior(**LIMIT)
    with serving(paintings, behavior=behavior) as api:
        fetched(workspace(tmp_path / "w", api))
    last_record = requests_to(behavior, "api")[-1].time
    early = [request for request in requests_to(behavior, "images") if request.time < last_record]
    assert len(early) > 0.9 * OBJECTS


def test_a_faster_pace_is_blocked_and_still_ends(paintings: Path, tmp_path: Path) -> None:
    behavior = ServerBehavior(**LIMIT)
    with serving(paintings, behavior=behavior) as api:
        folder = workspace(tmp_path / "w", api)
        set_param(folder, f"requests_per_second: {SCALE}", f"requests_per_second: {2 * SCALE}")
        assert fetched(folder)["statuses"] == {"ok": OBJECTS}
    assert any(request.blocked for request in behavior.requests)


def test_every_request_says_who_asks(paintings: Path, tmp_path: Path) -> None:
    behavior = ServerBehavior()
    with serving(paintings, behavior=behavior) as api:
        folder = workspace(tmp_path / "w", api)
        set_param(folder, "(reproducible research pipeline; no contact given)", "(me@example.org)")
        fetched(folder)
    assert {request.user_agent for request in behavior.requests} == {"met-culture/0.1 (me@example.org)"}
