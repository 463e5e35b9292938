"""Fixtures that several test modules share. Nothing here leaves the machine."""

import json
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import chromium
from filelock import FileLock
from PIL import Image
from playwright.sync_api import Browser

from met_culture.client import Client
from met_culture.files import write_json
from met_culture.museum import serving
from met_culture.pace import Pace, Waits
from met_culture.records import COLUMNS
from met_culture.sample import write_museum

SAMPLE_SEED = 7
QUICK = Waits(attempts=3, first_s=0.001, cap_s=0.01)
ROOT = Path(__file__).parent.parent
REAL_MUSEUM = Path(os.environ.get("MET_MUSEUM", ROOT.parent / "shared" / "museum"))


def picture(path: Path, seed: int, size: tuple[int, int] = (120, 90), **options: Any) -> Path:
    """Write a blurred random picture of (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path, format="JPEG", quality=90, **options)
    return path


def record(object_id: int, **fields: Any) -> dict[str, Any]:
    """Return a complete record of a Chinese painting with the given fields."""
    text: dict[str, Any] = dict.fromkeys(COLUMNS, "")
    nested = {"additionalImages": [], "constituents": None, "measurements": None, "tags": None}
    typed = {"isHighlight": False, "isPublicDomain": True, "isTimelineWork": False}
    years = {"objectBeginDate": 1700, "objectEndDate": 1750, "objectID": object_id}
    described = {"department": "Asian Art", "classification": "Paintings", "objectName": "Painting", "culture": "China"}
    image = f"https://images.metmuseum.org/CRDImages/as/web-large/{object_id}.jpg"
    named = {"title": f"Work {object_id}", "primaryImageSmall": image}
    return text | nested | typed | years | described | named | fields


def write_folder(folder: Path, records: list[Any]) -> Path:
    """Write records.jsonl of a museum folder."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in records]
    (folder / "records.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def heed_ctrl_c() -> None:
    """Let a child heed Ctrl-C, which the background jobs of a shell ignore, and their children with them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


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
    """Return a function that makes a client of an API, without a pace and with short waits."""
    made: list[Client] = []

    def make(api: str, *, timeout_s: float = 2, parallel: int = 4, waits: Waits = QUICK) -> Client:
        paces = Pace(waits=waits), Pace(parallel, waits=waits)
        made.append(Client(api, ("images.metmuseum.org",), timeout_s, "test", *paces))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(scope="session")
def common(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return a temporary folder that all processes of this run of pytest see."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


def shared(folder: Path, make: Callable[[Path], object]) -> Path:
    """Return a folder that the first process of pytest makes and the others read.

    Args:
        folder: Below `common`.
        make: Writes the folder, which does not exist yet.
    """
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            half = Path(f"{folder}.half")
            make(half)
            half.rename(folder)
    return folder


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
    """Write 24 training and 8 validation images of four easy classes, 32 x 32."""
    write_arrays(workspace)
    return workspace


def write_arrays(workspace: Path) -> None:
    """Write the arrays of `arrays` below a folder with a params.yaml, and let it train three epochs."""
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


@pytest.fixture
def pretrained(arrays: Path) -> Path:
    """Let the workspace train EfficientNet-Lite0: two epochs of its head, three of its last stage."""
    choose_pretrained(arrays)
    return arrays


def choose_pretrained(workspace: Path) -> None:
    """Let params.yaml train EfficientNet-Lite0 on the arrays of `write_arrays`."""
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
        set_param(workspace, old, new)


@pytest.fixture
def stage() -> Callable[..., None]:
    """Return a function that runs the `main` of a stage with arguments."""
    return run_stage


def run_stage(main: Callable[[], Any], *arguments: object) -> None:
    """Run the `main` of a stage with arguments."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["stage", *map(str, arguments)])
        main()


def set_param(folder: Path, old: str, new: str) -> None:
    """Replace text in params.yaml, which must be there; a number is replaced as a whole, never its first digits."""
    path = folder / "params.yaml"
    text, count = re.subn(rf"{re.escape(old)}(?!\d)", lambda match: new, path.read_text(encoding="utf-8"))
    assert count, f"{old!r} is not in params.yaml"
    path.write_text(text, encoding="utf-8")


def ask_museum(folder: Path, api: str, requests_per_second: float = 80) -> None:
    """Let the params.yaml of `folder` fetch from a server on this machine as if it were the Met."""
    set_param(folder, "source: sample", "source: met")
    set_param(folder, "https://collectionapi.metmuseum.org/public/collection", api)
    set_param(folder, "requests_per_second: 1.0", f"requests_per_second: {requests_per_second}")
