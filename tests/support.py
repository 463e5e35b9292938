"""What test modules share besides fixtures: pictures, records, museum folders, arrays, and edits of params.yaml."""

import json
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from met_culture.common.files import write_json
from met_culture.common.record_keys import COLUMNS
from met_culture.web.retry import RetryPolicy

QUICK = RetryPolicy(attempts=3, first_s=0.001, cap_s=0.01)
ROOT = Path(__file__).parent.parent
SAMPLE_SEED = 7


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


def write_arrays(workspace: Path) -> None:
    """Write the arrays of `arrays` below a folder with a params.yaml, and let it train three epochs."""
    out = workspace / "data/preprocess"
    out.mkdir(parents=True)
    rng, rows = np.random.default_rng(0), []
    for split, count in (("train", 24), ("val", 8)):
        y = np.arange(count) % 4
        colours = np.array([[200, 0, 0], [0, 200, 0], [0, 0, 200], [0, 0, 0]])
        x = rng.integers(0, 50, (count, 48, 48, 3)) + colours[y][:, None, None]
        np.save(out / f"{split}_x.npy", x.astype(np.uint8))
        np.save(out / f"{split}_y.npy", y)
        np.save(out / f"{split}_crops.npy", np.zeros((count, 0, *x.shape[1:]), np.uint8))
        rows += [f"{number},{number},{'abcd'[number % 4]},{split}" for number in range(len(rows), len(rows) + count)]
    (out / "rows.csv").write_text("\n".join(["objectID,group,label,split", *rows, ""]))
    write_json(
        out / "meta.json",
        {"source": "test", "labels": list("abcd"), "image_size": 48, "fit": "squash", "interpolation": "area"},
    )
    set_param(workspace, "epochs: 50", "epochs: 3")
    set_param(workspace, "batch_size: 32", "batch_size: 8")


def choose_pretrained(workspace: Path) -> None:
    """Let params.yaml train EfficientNet-Lite0 on the arrays of `write_arrays`."""
    for old, new in (
        ("model: cnn", "model: efficientnet_lite0"),
        ("c: [32, 100, 320, 1000]", "c: [10, 100]"),
        ("fine_tune_stages: 2", "fine_tune_stages: 1"),
        ("versions: 6", "versions: 2"),
        ("calibrate: false", "calibrate: true"),
        ("class_weights: none", "class_weights: balanced"),
        ("label_smoothing: 0", "label_smoothing: 0.1"),
        ("optimizer: adam", "optimizer: adamw"),
    ):
        set_param(workspace, old, new)


def run_stage(main: Callable[[], Any], *arguments: object) -> None:
    """Run the `main` of a stage with arguments."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["stage", *map(str, arguments)])
        main()


def _with_conflict(data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    half = len(lines) // 2
    return b"".join([*lines[:half], b"<<<<<<< HEAD\n", *lines[half:], b"=======\n", b">>>>>>> other\n"])


# Ways in which a file of a run is damaged.
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "blank": lambda data: b"\n",
    "cut off": lambda data: data[: len(data) // 2],
    "last byte lost": lambda data: data[:-2],
    "conflict": _with_conflict,
    "other content": lambda data: b"[1, 2]\n",
    "an object": lambda data: b"{}\n",
    "null": lambda data: b"null\n",
    "too deep": lambda data: b"[" * 100_000 + b"\n",
    "no UTF-8": lambda data: b"\xff\xfe" + data,
}
