"""What DVC itself costs at 1,000, 10,000 and 130,000 images, as a folder of files and as shards.

`python benchmarks/dvc_scale.py` takes about ten minutes. A shard is a tar file of 1,000 images, as WebDataset reads
them. An image is 3 kB of noise, so that the results are the cost of a file and not of its bytes. Each command is a
process of its own. The repository is new for each size and form; its remote is a folder. `add` hashes and stores;
`status` and `repro` find nothing to do (median of three); `push` sends everything, `push_again` one more image;
`checkout` restores.
"""

import argparse
import io
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from measure import RESULTS, measured, write

SIZES = (1_000, 10_000, 130_000)
BYTES = 3_000  # of an image
SHARD = 1_000  # images
DVC = [sys.executable, "-m", "dvc"]
STAGE = """
stages:
  count:
    cmd: echo counted > count.txt
    deps: [images]
    outs: [count.txt]
"""


def images(count: int) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of this many different images."""
    for number in range(count):
        yield f"{number}.jpg", np.random.default_rng(number).bytes(BYTES)


def as_files(folder: Path, count: int) -> None:
    """Write a file for each image."""
    for name, data in images(count):
        (folder / name).write_bytes(data)


def as_shards(folder: Path, count: int) -> None:
    """Write a tar file for each thousand images."""
    endless = images(count)
    for number, members in enumerate(iter(lambda: list(islice(endless, SHARD)), [])):
        with tarfile.open(folder / f"{number:05}.tar", "w") as shard:
            for name, data in members:
                member = tarfile.TarInfo(name)
                member.size = len(data)
                shard.addfile(member, io.BytesIO(data))


FORMS = {"files": as_files, "shards": as_shards}


def once(form: str, count: int) -> dict[str, float]:
    """Return seconds of each command, and DVC's peak memory in MB."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "repository"
        (folder / "images").mkdir(parents=True)
        FORMS[form](folder / "images", count)
        (folder / "dvc.yaml").write_text(STAGE)
        setup = (["git", "init", "-q"], [*DVC, "init", "-q"], [*DVC, "remote", "add", "-q", "-d", "team", "../team"])
        for command in setup:
            subprocess.run(command, cwd=folder, check=True)
        measurements: list[tuple[str, dict[str, float]]] = []

        def run(name: str, *command: str) -> None:
            measurements.append((name, measured([*DVC, *command], folder)))

        run("add", "add", "images")
        run("first_repro", "repro")
        for _ in range(3):
            run("status", "status")
            run("repro", "repro")
        run("push", "push")
        FORMS[form](folder / "images", count + 1)  # the others are written again, with the same content
        run("add_again", "add", "images")
        run("push_again", "push")
        shutil.rmtree(folder / "images")
        run("checkout", "checkout")
        if not list((folder / "images").iterdir()):
            raise RuntimeError("nothing was restored")
    names = dict.fromkeys(name for name, _ in measurements)
    seconds = {name: statistics.median(one["wall_s"] for other, one in measurements if other == name) for name in names}
    del seconds["first_repro"]
    return seconds | {"peak_mb": max(one["peak_mb"] for _, one in measurements)}


def main() -> None:
    """Measure every size in both forms and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the result")
    args = parser.parse_args()
    results: dict[str, Any] = {form: {} for form in FORMS}
    for size in args.sizes:
        for form, by_size in results.items():
            by_size[str(size)] = once(form, size)
            print(
                f"{form:<7}{size:>8,}",
                *(f"{name} {value:.2f}" for name, value in by_size[str(size)].items()),
                flush=True,
            )
    write("dvc_scale", {"image_bytes": BYTES, "images_a_shard": SHARD} | results, args.results)


if __name__ == "__main__":
    main()
