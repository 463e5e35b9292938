"""What test modules share besides fixtures: pictures, records, museum folders, and edits of params.yaml."""

import json
import re
import signal
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from met_culture.common.record_keys import COLUMNS
from met_culture.web.retry import RetryPolicy

QUICK = RetryPolicy(attempts=3, first_s=0.001, cap_s=0.01)
ROOT = Path(__file__).parent.parent


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
