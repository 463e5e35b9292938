"""Images per second of the fetch, and the fraction that it obtains from a faulty server, compared with img2dataset.

`python benchmarks/fetch.py` takes about 15 minutes. Both are commands that ask the same server, on loopback in a
process of its own, for the same 2,000 JPEGs of some 100 kB, eight at once; every answer comes after 50 ms. Both have
the URLs already (a dump; a list). img2dataset runs with what makes it fastest: no decoding, resizing, hashing or EXIF.
The fetch decodes every image, hashes it, and survives being killed. Images per second are by the server's log, from the
first request to the last; whole commands are compared, too.

Then one request in five gets a fault: a block, half an image, HTML or nothing instead, an answer without an end. An
image counts as obtained when the file holds exactly its bytes. The museum's waits of minutes are shortened for that, by
calling `fetch` with others, and so are the timeouts of both.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml
from generated_museum import Record, Served, image_path, picture, serving_apart, with_images
from measure import RESULTS, ROOT, report

IMG2DATASET = "1.47.0"
CACHE = ROOT / ".scratch" / "benchmarks" / "img2dataset"
PICTURES = 20  # distinct ones; every URL is distinct
PARALLEL, LATENCY_S, FAULTS = 8, 0.05, 0.2
FAULTY_TIMEOUT_S = 2
FASTEST = (
    "--processes_count=1",
    f"--thread_count={PARALLEL}",
    "--disable_all_reencoding=True",
    "--resize_mode=no",
    "--extract_exif=False",
    "--compute_hash=None",
    "--output_format=files",
    "--enable_wandb=False",
)
# What `python -m met_culture.fetch raw fetch.json` does, with other waits.
IMPATIENT = """
from pathlib import Path
from met_culture.common.config import load
from met_culture.fetch.params import FetchParams
from met_culture.fetch.run import fetch
from met_culture.fetch.sources import locate, open_source
from met_culture.fetch.state import FetchState
from met_culture.web.retry import RetryPolicy

params, policy = load("fetch", FetchParams), RetryPolicy(first_s=0.01, cap_s=0.05, retry_after_cap_s=0.05)
location = locate(params)
with FetchState(location.state) as state, open_source(params, location, policy) as source:
    fetch(source, state, params, Path("raw"))
"""


def pictures() -> list[bytes]:
    """Return the images that the server has."""
    return [picture(number) for number in range(PICTURES)]


def _read(images: list[bytes], path: str) -> bytes:
    return images[zlib.crc32(path.encode()) % len(images)]


def museum(objects: int) -> Any:  # noqa: ANN401 - generated_museum.Museum
    """Return what is served."""
    return {record["objectID"]: record for record in with_images(objects)}, partial(_read, pictures())


def img2dataset() -> Path:
    """Return img2dataset's command, installed once in an environment of its own."""
    command = CACHE / IMG2DATASET / "bin" / "img2dataset"
    if not command.exists():
        shutil.rmtree(command.parent.parent, ignore_errors=True)
        print("installing img2dataset", IMG2DATASET, flush=True)
        subprocess.run([sys.executable, "-m", "venv", command.parent.parent], check=True)
        pip = [command.with_name("python"), "-m", "pip", "install", "--quiet", f"img2dataset=={IMG2DATASET}"]
        subprocess.run(pip, check=True)
    return command


def run(folder: Path, *command: str | Path) -> float:
    """Run a command in a folder and return its seconds."""
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=os.environ | {"NO_ALBUMENTATIONS_UPDATE": "1"}
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")
    return time.perf_counter() - started


def run_fetch(folder: Path, url: str, records: list[Record], *, impatient: bool) -> float:
    """Fetch with this project into `folder` and return the command's seconds."""
    with (folder / "dump.jsonl").open("w", encoding="utf-8") as dump:
        dump.writelines(json.dumps(record) + "\n" for record in records)
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["fetch"] |= {"source": "met", "api": url, "catalog": "dump", "catalog_file": "dump.jsonl", "candidates": []}
    params["fetch"] |= {"parallel_images": PARALLEL} | ({"timeout_s": FAULTY_TIMEOUT_S} if impatient else {})
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    what = ("-c", IMPATIENT) if impatient else ("-m", "met_culture.fetch", "raw", "fetch.json")
    return run(folder, sys.executable, *what)


def run_img2dataset(folder: Path, url: str, records: list[Record], *options: str) -> float:
    """Fetch with img2dataset into `folder` and return the command's seconds."""
    (folder / "urls.txt").write_text("".join(f"{url}{image_path(record)}\n" for record in records))
    return run(folder, img2dataset(), "--url_list=urls.txt", "--output_folder=images", *FASTEST, *options)


def museum_url(url: str) -> str:
    """Return the museum's URL of an image that the server has at `url`."""
    scheme, _, rest = url.partition("/images/")[2].partition("/")
    return f"{scheme}://{rest}"


def obtained(folder: Path) -> dict[str, str]:
    """Return the hash of every image that a run of either left as good, by the museum's URL."""
    if (folder / "raw").exists():
        rows = pq.read_table(folder / "raw" / "objects.parquet").to_pylist()
        files = {row["primaryImageSmall"]: folder / "raw" / row["image_file"] for row in rows if row["image_file"]}
    else:
        files = {
            museum_url(json.loads(file.read_text())["url"]): file.with_suffix(".jpg")
            for file in folder.glob("images/*/*.json")
        }
    return {url: sha256(file.read_bytes()).hexdigest() for url, file in files.items() if file.exists()}


def judge(folder: Path, records: list[Record]) -> dict[str, float]:
    """Return the fraction of images that are there and whole, and of those that are kept but are something else."""
    truth, got = pictures(), obtained(folder)
    hashes = {record["primaryImageSmall"]: sha256(_read(truth, image_path(record))).hexdigest() for record in records}
    right = sum(got.get(url) == digest for url, digest in hashes.items())
    return {"obtained": right / len(records), "spoilt": (len(got) - right) / len(records)}


def rate(server: Served) -> float:
    """Return images per second from the first to the last request of the log."""
    times = [request.time for request in server.log() if request.host == "images"]
    return (len(times) - 1) / (max(times) - min(times))


def measure_speed(objects: int, rounds: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return images per second of both by the server's log, and by the seconds of the whole command."""
    records = list(with_images(objects))
    ways = {"fetch": partial(run_fetch, impatient=False), "img2dataset": run_img2dataset}
    logged: dict[str, list[float]] = {name: [] for name in ways}
    whole: dict[str, list[float]] = {name: [] for name in ways}
    with serving_apart(partial(museum, objects), latency_s=LATENCY_S) as server:
        for number in range(rounds + 1):  # the first does not count
            for name, way in ways.items():
                with tempfile.TemporaryDirectory() as folder:
                    seconds, images_per_second = way(Path(folder), server.url, records), rate(server)
                    if judge(Path(folder), records)["obtained"] < 1:
                        raise RuntimeError(f"{name} lost images without a fault")
                if number:
                    logged[name].append(images_per_second)
                    whole[name].append(objects / seconds)
                    print(f"{name:<12} {images_per_second:8.1f} images/s, whole {objects / seconds:.1f}", flush=True)
    return logged, whole


def measure_faults(objects: int) -> dict[str, Any]:
    """Return the fraction that each way obtains from a faulty server, and its number of requests."""
    records = list(with_images(objects))
    ways = {
        "fetch": partial(run_fetch, impatient=True),
        "img2dataset": lambda *args: run_img2dataset(*args, f"--timeout={FAULTY_TIMEOUT_S}"),
        "img2dataset_retries_3": lambda *args: run_img2dataset(*args, f"--timeout={FAULTY_TIMEOUT_S}", "--retries=3"),
    }
    result: dict[str, Any] = {}
    for name, way in ways.items():  # each has its own server, because faults depend on how often a URL was requested
        with (
            tempfile.TemporaryDirectory() as folder,
            serving_apart(partial(museum, objects), latency_s=LATENCY_S, faults=FAULTS) as server,
        ):
            seconds = way(Path(folder), server.url, records)
            requests = sum(request.host == "images" for request in server.log())
            result[name] = judge(Path(folder), records) | {"requests": requests, "command_s": seconds}
            print(name, result[name], flush=True)
    return result


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the result")
    args = parser.parse_args()
    img2dataset()
    logged, whole = measure_speed(args.images, args.rounds)
    facts = {
        "images": args.images,
        "mean_bytes": round(statistics.mean(map(len, pictures()))),
        "parallel": PARALLEL,
        "latency_s": LATENCY_S,
        "img2dataset": {"version": IMG2DATASET, "options": FASTEST},
        "whole_command_images_per_second": {name: statistics.median(values) for name, values in whole.items()},
        "whole_command_ratio_to_img2dataset": statistics.median(
            mine / theirs for mine, theirs in zip(whole["fetch"], whole["img2dataset"], strict=True)
        ),
        "faults": {
            "share_of_requests": FAULTS,
            "images": args.images // 4,
            "timeout_s": FAULTY_TIMEOUT_S,
            "fetch_waits": "0.01 to 0.05 s instead of 1 to 90 s, by calling met_culture.fetch.run.fetch",
            **measure_faults(args.images // 4),
        },
    }
    report("fetch", logged, ("img2dataset",), facts, args.results)


if __name__ == "__main__":
    main()
