"""Fixtures that several test modules share. Nothing here leaves the machine."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browsing import chromium
from playwright.sync_api import Browser
from support import (
    QUICK,
    ROOT,
    SAMPLE_SEED,
    choose_pretrained,
    picture,
    record,
    run_stage,
    shared,
    write_arrays,
    write_folder,
)

from met_culture.museum.server import serving
from met_culture.sample.draw import write_museum
from met_culture.web.client import Client
from met_culture.web.rate_limit import RateLimiter
from met_culture.web.retry import RetryPolicy

REAL_MUSEUM = Path(os.environ.get("MET_MUSEUM", ROOT.parent / "shared" / "museum"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a Chromium; skips where there is none."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def museum(tmp_path: Path) -> Path:
    """Return a museum folder of twelve small works, three a culture, ids 1 to 12, without defects."""
    cultures = ["China", "Japan", "American", "India (Rajasthan)"]
    wing = {"department": "The American Wing", "classification": ""}
    number = "19{0:02d}.{0}".format
    works = [
        record(i, culture=cultures[i % 4], accessionNumber=number(i), **(wing if i % 4 == 2 else {}))
        for i in range(1, 13)
    ]
    for i in range(1, 13):
        picture(tmp_path / f"museum/images/CRDImages/as/web-large/{i}.jpg", seed=i)
    return write_folder(tmp_path / "museum", works)


@pytest.fixture
def api(museum: Path) -> Iterator[str]:
    """Return the base URL of a server of `museum`."""
    with serving(museum) as url:
        yield url


@pytest.fixture
def client() -> Iterator[Callable[..., Client]]:
    """Return a function that makes a client of an API, without a rate limit and with short waits."""
    made: list[Client] = []

    def make(api: str, *, timeout_s: float = 2, parallel: int = 4, policy: RetryPolicy = QUICK) -> Client:
        limiters = RateLimiter(policy=policy), RateLimiter(parallel, policy=policy)
        made.append(Client(api, ("images.metmuseum.org",), timeout_s, "test", *limiters))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(scope="session")
def common(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return a temporary folder that all processes of this run of pytest see."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def sample(common: Path) -> Path:
    """Return the embedded sample, written over the leftovers of another run; no test may change it."""

    def make(folder: Path) -> None:
        (folder / "images").mkdir(parents=True)
        (folder / "images" / "leftover.jpg").write_bytes(b"old")
        write_museum(folder, seed=SAMPLE_SEED)

    return shared(common / "sample", make)


@pytest.fixture(scope="session")
def small_sample(sample: Path, common: Path) -> Path:
    """Return every fourth object of the sample, so that real training runs take seconds; no test may change it."""

    def make(folder: Path) -> None:
        lines = (sample / "records.jsonl").read_text(encoding="utf-8").splitlines()[::4]
        shutil.copytree(sample / "images", folder / "images")
        write_folder(folder, lines)

    return shared(common / "small", make)


@pytest.fixture(scope="session")
def real_museum() -> Path:
    """Return a folder of real paintings; skips where there is none."""
    if not (REAL_MUSEUM / "records.jsonl").is_file():
        pytest.skip(f"no real museum folder at {REAL_MUSEUM} (set MET_MUSEUM to one)")
    return REAL_MUSEUM


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run the test in an empty folder that holds only params.yaml."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    shutil.copy(ROOT / "params.yaml", folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def arrays(workspace: Path) -> Path:
    """Write 24 training and 8 validation images of four easy classes, 48 x 48."""
    write_arrays(workspace)
    return workspace


@pytest.fixture
def pretrained(arrays: Path) -> Path:
    """Let the workspace train EfficientNet-Lite0: two epochs of its head, three of its last stage."""
    choose_pretrained(arrays)
    return arrays


@pytest.fixture
def stage() -> Callable[..., None]:
    """Return a function that runs the `main` of a stage with arguments."""
    return run_stage
