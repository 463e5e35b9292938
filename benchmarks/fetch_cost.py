"""What it costs to get the paintings: requests, bytes and minutes of each way to learn which objects there are.

`python benchmarks/fetch_cost.py` takes about 15 minutes. A generated collection of 500,000 objects, of the museum's
proportions, is served on loopback by a process of its own; every request of every way is really sent, without a pace.
The minutes are API requests over a pace: the museum's enforced limit of 80 a minute, and `fetch.requests_per_second` of
params.yaml. `listing` is the article's way: every object's record is requested, then the images of the candidates.
One id in 200 is listed and has no record any more, as at the museum.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from generated_museum import Record, generate, picture, serving_apart, write_csv, write_parquet
from measure import RESULTS, ROOT, write

from met_culture.common.config import load
from met_culture.fetch.api_source import ApiSource
from met_culture.fetch.catalogue import choose
from met_culture.fetch.params import FetchParams
from met_culture.fetch.run import fetch
from met_culture.fetch.state import FetchState
from met_culture.web.client import Client
from met_culture.web.rate_limit import RateLimiter

WAYS = ("listing", "search", "csv", "dump")
FILES = {"csv": "MetObjects.csv", "dump": "records.parquet"}
CATALOG = "/images/catalog/"  # where the server has them
LIMIT_PER_MINUTE = 80
GONE = 0.005


def _read(folder: Path, image: bytes, path: str) -> bytes:
    return (folder / path.removeprefix(CATALOG)).read_bytes() if path.startswith(CATALOG) else image


def museum(objects: int, folder: Path) -> tuple[dict[int, Record], Callable[[str], bytes]]:
    """Return what is served: all records, one image at every URL, and the catalogue files of `folder`."""
    return {record["objectID"]: record for record in generate(objects)}, partial(_read, folder, _image())


def _image() -> bytes:
    return picture(0, 600, 600)  # 127 kB, as the museum's on average


def measure(params: FetchParams, folder: Path, paces: dict[str, float]) -> dict[str, Any]:
    """Fetch as `params` say, unpaced, and return what was sent and read."""
    limiters = RateLimiter(), RateLimiter(params.parallel_images)
    client = Client(params.api, params.image_hosts, 600, params.user_agent, *limiters)
    source = ApiSource(client)
    api, images, started = client.api_limiter, client.image_limiter, time.perf_counter()
    with FetchState(folder / "scratch") as state:
        choose(source, state, params)  # `fetch` finds the answers remembered
        listed, listed_bytes, file_bytes = api.requests, api.bytes_read, images.bytes_read
        files = images.requests
        metrics = fetch(source, state, params, folder / "raw")
    client.close()
    if not metrics or api.blocks or images.blocks:
        raise RuntimeError("the server did not answer every request")
    return {
        "api_requests": api.requests,
        "image_requests": images.requests - files,
        "paintings": metrics["statuses"]["ok"],
        "gone": metrics["statuses"].get("record_gone", 0),
        "not_candidate": metrics.get("not_candidate", 0),
        "catalogue_requests": listed + files,
        "catalogue_bytes": listed_bytes + file_bytes,
        "record_bytes": api.bytes_read - listed_bytes,
        "image_bytes": images.bytes_read - file_bytes,
        "bytes": api.bytes_read + images.bytes_read,
        "api_minutes": {name: api.requests / per_minute for name, per_minute in paces.items()},
        "measured_s": time.perf_counter() - started,
    }


def rows(objects: int) -> list[dict[str, Any]]:
    """Measure every way."""
    params = load("fetch", FetchParams, ROOT / "params.yaml")
    paces = {"at_the_limit": LIMIT_PER_MINUTE, "at_the_default_pace": 60 * params.requests_per_second}
    result = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_csv(generate(objects), folder / FILES["csv"])
        with serving_apart(partial(museum, objects, folder), gone=GONE, keep_log=False) as server:
            write_parquet(generate(objects), folder / FILES["dump"])
            params = replace(params, source="met", api=server.url)
            for way in reversed(WAYS):  # the long one last
                file = f"{server.url}{CATALOG}{FILES[way]}" if way in FILES else None
                with tempfile.TemporaryDirectory() as workspace:
                    costs = measure(replace(params, catalog=way, catalog_file=file), Path(workspace), paces)
                result.insert(0, {"way": way} | costs)
                print(result[0], flush=True)
    return result


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=500_000)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the result")
    args = parser.parse_args()
    facts = {"objects": args.objects, "image_bytes": len(_image()), "gone_share": GONE}
    write("fetch_cost", facts | {"ways": rows(args.objects)}, args.results)


if __name__ == "__main__":
    main()
