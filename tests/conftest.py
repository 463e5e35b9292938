"""Fixtures that several test modules share. Nothing here leaves the machine."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import chromium
from playwright.sync_api import Browser
from support import QUICK, ROOT, picture, record, set_param, write_folder

from met_culture.common.files import write_json
from met_culture.museum.server import serving
from met_culture.sample import write_museum
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
    """Return a museum folder of twelve small works, three a culture, ids 1 to 12, without warts."""
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
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the embedded sample as a museum folder."""
    folder = tmp_path_factory.mktemp("sample") / "museum"
    write_museum(folder, seed=7)
    return folder


@pytest.fixture(scope="session")
def small_sample(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return every fourth object of the sample, so that real training runs take seconds."""
    folder = tmp_path_factory.mktemp("small") / "museum"
    lines = (sample / "records.jsonl").read_text(encoding="utf-8").splitlines()[::4]
    shutil.copytree(sample / "images", folder / "images")
    return write_folder(folder, lines)


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
    """Write 24 training and 8 validation images of four easy classes, 32 x 32."""
    out = workspace / "data/preprocess"
    out.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for split, count in (("train", 24), ("val", 8)):
        y = np.arange(count) % 4
        colours = np.array([[200, 0, 0], [0, 200, 0], [0, 0, 200], [0, 0, 0]])
        x = rng.integers(0, 50, (count, 32, 32, 3)) + colours[y][:, None, None]
        np.save(out / f"{split}_x.npy", x.astype(np.uint8))
        np.save(out / f"{split}_y.npy", y)
    write_json(
        out / "meta.json",
        {"source": "test", "labels": list("abcd"), "image_size": 32, "fit": "squash", "interpolation": "area"},
    )
    set_param(workspace, "epochs: 50", "epochs: 3")
    set_param(workspace, "batch_size: 32", "batch_size: 8")
    return workspace


@pytest.fixture
def pretrained(arrays: Path) -> Path:
    """Let the workspace train EfficientNet-Lite0: two epochs of its head, three of its last stage."""
    for old, new in (
        ("model: cnn", "model: efficientnet_lite0"),
        ("epochs: 30", "epochs: 2"),
        ("fine_tune_stages: 2", "fine_tune_stages: 1"),
        ("versions: 6", "versions: 2"),
        ("calibrate: false", "calibrate: true"),
        ("class_weights: none", "class_weights: balanced"),
        ("label_smoothing: 0", "label_smoothing: 0.1"),
        ("optimizer: rmsprop", "optimizer: adamw"),
    ):
        set_param(arrays, old, new)
    return arrays


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that runs the `main` of a stage with arguments."""

    def run(main: Callable[[], Any], *arguments: object) -> None:
        monkeypatch.setattr("sys.argv", ["stage", *map(str, arguments)])
        main()

    return run
