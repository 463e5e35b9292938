"""What a fetch remembers between runs: one file per objectID, outside DVC, so that a stopped fetch continues."""

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from met_culture.files import write_bytes
from met_culture.paths import IMAGES, RECORDS
from met_culture.records import SCHEMA


def folder_key(folder: Path) -> str:
    """Return a name for the state of a museum folder: its records, and its images' names, sizes and times.

    Another state of the folder has another scratch folder, so that a changed museum is never read from memory.
    """
    key = hashlib.sha256((folder / RECORDS).read_bytes())
    for file in sorted((folder / IMAGES).rglob("*")):
        stat = file.lstat()
        key.update(b"\n%s %d %d" % (os.fsencode(file.relative_to(folder)), stat.st_size, stat.st_mtime_ns))
    return key.hexdigest()[:16]


class Scratch:
    """Rows and images by objectID. An image is written before its row, so that a row is always complete."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which is made when needed."""
        self.folder = folder

    def image(self, object_id: int) -> Path:
        """Return where the image of an object lies."""
        return self.folder / f"{object_id}.jpg"

    def read(self, object_id: int) -> dict[str, Any] | None:
        """Return the row of an object that is settled, or None, also where a crash has spoilt its row or image."""
        try:
            row = json.loads((self.folder / f"{object_id}.json").read_bytes())
            if set(row) != set(SCHEMA.names):
                return None
            image = self.image(object_id).read_bytes() if row["image_file"] else None
            if image is not None and hashlib.sha256(image).hexdigest() != row["image_sha256"]:
                return None
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return row

    def write(self, object_id: int, row: dict[str, Any]) -> None:
        """Remember the row of an object."""
        write_bytes(self.folder / f"{object_id}.json", json.dumps(row).encode())

    def write_image(self, object_id: int, data: bytes) -> None:
        """Remember the image of an object."""
        write_bytes(self.image(object_id), data)

    def log(self, line: str) -> None:
        """Append what varies between runs to `fetch.log`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "fetch.log").open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {line}\n")
