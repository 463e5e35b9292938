"""The synthetic sample: a small museum, drawn from a seed, for runs without a network.

It contains no work of the museum, and no copy; pictures and records only have the form of the real ones. Of 472
objects, 366 are valid paintings of four cultures; the pipeline must leave out the others.
"""

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote

import cv2
import numpy as np

from met_culture.sample import defects
from met_culture.sample.painters import paint
from met_culture.sample.photograph import photograph, stage
from met_culture.sample.plan import plan
from met_culture.sample.records import image_path, record
from met_culture.sample.works import Work


def write_museum(folder: Path, *, seed: int) -> None:
    """Write a museum folder: `records.jsonl` and `images/<decoded URL path>`.

    The same seed writes the same bytes. The content of an earlier run is replaced.

    Args:
        folder: The museum folder; made if missing.
        seed: Seed of all pictures and records.
    """
    works = plan(seed)
    shutil.rmtree(folder / "images", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(record(work, seed), ensure_ascii=False) + "\n" for work in works]
    (folder / "records.jsonl").write_text("".join(lines), encoding="utf-8", newline="\n")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda work: write_picture(folder, work, seed), filter(defects.has_file, works)))


def write_picture(folder: Path, work: Work, seed: int) -> None:
    """Write the file of one work, a JPEG or what replaces it, under its decoded URL path."""
    path = folder / "images" / unquote(image_path(work))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(defects.damage(work, draw(work, seed)))


def draw(work: Work, seed: int) -> bytes:
    """Return the photograph of a work as JPEG; it depends only on the work and the seed.

    Two photographs of one painting differ only by the camera; the leaves of an album share their colours.
    """
    hands, strokes, mounts, camera = (
        np.random.default_rng([seed, number, purpose])
        for purpose, number in enumerate((work.album, work.painted_as, work.painted_as, work.object_id))
    )
    painting = paint(strokes, hands, work.manner, work.subject, work.aspect)
    picture = photograph(camera, stage(mounts, painting, work.form), grey=work.grey)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(camera.integers(78, 92))]
    return cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), quality)[1].tobytes()
