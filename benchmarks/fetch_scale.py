"""Time and peak memory of the fetch for 1,000, 10,000 and 100,000 records with an image each.

`python benchmarks/fetch_scale.py` takes about 15 minutes. The source is a generated museum folder, read without HTTP.
Each fetch is a separate command; a second fetch of the same folder only builds its outputs. The time of a fetch of
one record, which is the command's start, is subtracted. Memory, and time per record, should not grow with the size.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from generated_museum import picture, with_images
from measure import RESULTS, ROOT, measured, write

SIZES = (1_000, 10_000, 100_000)
ROUNDS = 10  # of the smallest size; the others have fewer, for as many records in all, and at least one
QUANTITIES = ("wall_s", "cpu_s", "peak_mb")
RATIOS = ("peak_mb", "wall_s_per_1000", "cpu_s_per_1000")
RUNS = ("first", "second")


def write_folder(folder: Path, objects: int) -> None:
    """Write a museum folder of public-domain records, each with its own small image."""
    image = picture(0, 32, 32)
    with (folder / "records.jsonl").open("w", encoding="utf-8") as lines:
        for record in with_images(objects):
            lines.write(json.dumps(record, ensure_ascii=False) + "\n")
            file = folder / "images" / urlsplit(record["primaryImageSmall"]).path.removeprefix("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(image)


def fetch(workspace: Path) -> dict[str, float]:
    """Run the command once and return seconds and memory of its process."""
    return measured([sys.executable, "-m", "met_culture.fetch", "raw", "fetch.json"], workspace)


def once(objects: int) -> tuple[dict[str, float], dict[str, float]]:
    """Fetch a folder of this many records twice, and return the measurements of both fetches."""
    with tempfile.TemporaryDirectory() as temporary:
        workspace = Path(temporary)
        museum = workspace / "museum"
        museum.mkdir()
        write_folder(museum, objects)
        params = yaml.safe_load((ROOT / "params.yaml").read_text())
        params["fetch"] |= {"source": str(museum)}
        (workspace / "params.yaml").write_text(yaml.safe_dump(params))
        measurements = fetch(workspace), fetch(workspace)
        statuses = json.loads((workspace / "fetch.json").read_text())["statuses"]
        if statuses != {"ok": objects}:
            raise RuntimeError(f"not everything was fetched: {statuses}")
        return measurements


def measure(objects: int, rounds: int) -> dict[str, dict[str, float]]:
    """Return medians of the first and of the second fetch."""
    both = list(zip(RUNS, zip(*(once(objects) for _ in range(rounds)), strict=True), strict=True))
    return {
        run: {name: statistics.median(measurement[name] for measurement in measurements) for name in QUANTITIES}
        for run, measurements in both
    }


def table(sizes: list[int], rounds: int) -> dict[str, Any]:
    """Measure every size and return the measurements, and how the largest compares with the smallest.

    A ratio of 1 or less means that no quantity grows faster than the number of records.
    """
    start = measure(1, min(3, rounds))
    results: dict[str, Any] = {"start": start, **{run: {} for run in RUNS}}
    for size in sizes:
        runs = measure(size, max(1, rounds * min(sizes) // size))
        for run, medians in runs.items():
            for key in ("wall_s", "cpu_s"):
                medians[f"{key}_per_1000"] = (medians[key] - start[run][key]) / size * 1000
            results[run][str(size)] = medians
            print(f"{run:<7}{size:>8,}", *(f"{key} {value:.3f}" for key, value in medians.items()), flush=True)
    for run in RUNS:
        smallest, largest = results[run][str(min(sizes))], results[run][str(max(sizes))]
        results[run]["largest_to_smallest"] = {key: largest[key] / smallest[key] for key in RATIOS}
        print(run, results[run]["largest_to_smallest"])
    return results


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"of the smallest size (default: {ROUNDS})")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the result")
    args = parser.parse_args()
    facts = {"image_bytes": len(picture(0, 32, 32))}
    write("fetch_scale", facts | table(args.sizes, args.rounds), args.results)


if __name__ == "__main__":
    main()
