"""Time and peak memory of every stage for 1,000, 10,000 and 130,000 paintings, each with a picture of its own.

`python benchmarks/scale.py` takes half an hour and 12 GB of disk. The museum is generated, with pictures of 64 pixels;
the parameters are the committed ones, image size included, but for one epoch. Each stage is the command of dvc.yaml, as
a process of its own; what DVC adds is measured by dvc_scale.py. Times count per 1,000 paintings without those of the
run of a hundred, which are the commands' start, and memory is given beside that run's, which is the framework's.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from generated_museum import Record, picture, with_images
from measure import RESULTS, ROOT, measured, write

SIZES = (1_000, 10_000, 130_000)
START = 100
SIDE = 64  # pixels
CULTURES = ("China", "Japan", "American", "India")


def paintings(objects: int) -> Iterator[Record]:
    """Yield this many records, which all stages keep."""
    for number, record in enumerate(with_images(objects)):
        yield record | {"classification": "Paintings", "culture": CULTURES[number % len(CULTURES)], "country": ""}


def write_picture(folder: Path, number: int, url: str) -> None:
    """Write the picture of a record into a museum folder."""
    file = folder / "images" / urlsplit(url).path.removeprefix("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(picture(number, SIDE, SIDE))


def write_museum(folder: Path, objects: int) -> Path:
    """Write a museum folder."""
    folder.mkdir(parents=True)
    urls = []
    with (folder / "records.jsonl").open("w", encoding="utf-8") as lines:
        for record in paintings(objects):
            lines.write(json.dumps(record, ensure_ascii=False) + "\n")
            urls.append(record["primaryImageSmall"])
    with ProcessPoolExecutor(mp_context=get_context("forkserver")) as pool:
        for _ in pool.map(write_picture, [folder] * objects, range(objects), urls, chunksize=500):
            pass
    return folder


def stages() -> dict[str, list[str]]:
    """Return the command of every stage, to be run with the installed package."""
    declared = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    commands = {}
    for name, stage in declared.items():
        _, _, arguments = stage["cmd"].partition(" python ")
        commands[name] = [sys.executable, *arguments.split()]
    return commands


def once(objects: int) -> dict[str, dict[str, float]]:
    """Run every stage on this many paintings and return its measurements."""
    with tempfile.TemporaryDirectory() as temporary:
        workspace = Path(temporary)
        params = yaml.safe_load((ROOT / "params.yaml").read_text())
        params["fetch"]["source"] = str(write_museum(workspace / "museum", objects))
        params["train"]["epochs"] = 1
        (workspace / "params.yaml").write_text(yaml.safe_dump(params))
        measurements = {}
        for name, command in stages().items():
            measurements[name] = measured(command, workspace)
            print(f"{name:<11}{objects:>8,}", *(f"{k} {v:.2f}" for k, v in measurements[name].items()), flush=True)
            if name == "fetch":
                shutil.rmtree(workspace / "museum")  # the disk may be small
        kept = json.loads((workspace / "metrics/clean.json").read_text())["paintings"]
        if kept != objects:
            raise RuntimeError(f"clean kept {kept} of {objects}")
        return measurements


def table(sizes: list[int], start_size: int) -> dict[str, Any]:
    """Measure every size; return the measurements of each stage, and the increase over the smallest size."""
    start = once(start_size)
    runs = {size: once(size) for size in sizes}
    results: dict[str, Any] = {"start": start_size, "stages": {}}
    for name in start:
        measurements = {str(size): dict(run[name]) for size, run in runs.items()}
        for size, run in runs.items():
            per = (run[name]["wall_s"] - start[name]["wall_s"]) / (size - start_size) * 1000
            measurements[str(size)]["wall_s_per_1000"] = per
            measurements[str(size)]["mb_beyond_start"] = run[name]["peak_mb"] - start[name]["peak_mb"]
        results["stages"][name] = {str(start_size): start[name], **measurements}
    return results


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--start", type=int, default=START)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the result")
    args = parser.parse_args()
    write("scale", {"pixels": SIDE} | table(args.sizes, args.start), args.results)


if __name__ == "__main__":
    main()
