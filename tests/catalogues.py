"""Files of the museum's bulk release: MetObjects.csv and dumps as JSON lines."""

import csv
import json
from pathlib import Path
from typing import Any

HEADER = ["Object Number", "Is Public Domain", "Object ID", "Department", "Object Name", "Title", "Classification"]


def write_csv(path: Path, *rows: list[str], header: list[str] = HEADER) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def write_lines(path: Path, records: list[Any]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path
