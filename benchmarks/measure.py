"""Shared by all benchmarks: interleaved rounds, medians, and the record of machine and commit."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from met_culture.train.environment import environment

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"


def commit() -> str:
    """Return the commit that is measured; `-dirty` marks code that is not committed.

    Changed results do not count, because every benchmark of a series writes some.
    """

    def git(*command: str) -> str:
        return subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!benchmarks/results")
    return git("rev-parse", "--short=12", "HEAD") + ("-dirty" if changed else "")


@dataclass(frozen=True)
class Clone:
    """A scratch clone of the commit, whose commands run its own source code."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def run(self, *command: str) -> str:
        """Run a command and return what it prints on stdout; its stderr passes through."""
        env = os.environ | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.folder / "src"),
            **{f"GIT_{who}_{what}": "benchmark" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }
        return subprocess.run(
            command, cwd=self.folder, env=env | self.env, check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    def metrics(self, stage: str) -> dict[str, Any]:
        """Return the metrics of a stage."""
        return json.loads((self.folder / f"metrics/{stage}.json").read_text())


def source_path(source: str) -> str:
    """Return `sample` as it is, and the path of a museum folder as it holds in a clone."""
    return source if source == "sample" else str(Path(source).resolve())


def scratch_clone(folder: Path, **env: str) -> Clone:
    """Return a clone of the last commit in `folder`, with more variables in its environment."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return Clone(folder, env)


def measured(command: list[str], folder: Path) -> dict[str, float]:
    """Run a command in a folder and return seconds, and the largest memory of its process.

    Raises:
        RuntimeError: It failed; the message is the end of its output.
    """
    started = time.perf_counter()
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode:
        raise RuntimeError((folder / "log").read_text()[-2000:])
    return {"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024}


def rates(ways: dict[str, Callable[[], int]], rounds: int) -> dict[str, list[float]]:
    """Return images per second of each way in each round, after one round that does not count.

    The ways take turns within a round, so that a change of the machine's speed affects all of them.

    Args:
        ways: Functions by name; each does its work once and returns the number of images.
        rounds: Number of measured rounds.
    """
    measured: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, work in ways.items():
            started = time.perf_counter()
            images = work()
            if number:
                measured[name].append(images / (time.perf_counter() - started))
    return measured


def write(name: str, result: dict[str, Any], folder: Path = RESULTS) -> None:
    """Write a result, with machine and commit, as `folder`/`name`.json."""
    folder.mkdir(exist_ok=True)
    text = json.dumps({"machine": environment(), "commit": commit(), **result}, indent=2)
    (folder / f"{name}.json").write_text(text + "\n")


def report(
    name: str, measured: dict[str, list[float]], bases: tuple[str, ...], facts: dict[str, Any], folder: Path = RESULTS
) -> None:
    """Write and print medians, and the median over rounds of each way's ratio to each of `bases`."""

    def ratio(way: str, base: str) -> float:
        return statistics.median(a / b for a, b in zip(measured[way], measured[base], strict=True))

    medians = {way: statistics.median(values) for way, values in measured.items()}
    ratios = {f"ratio_to_{base}": {way: ratio(way, base) for way in measured} for base in bases}
    rounds = min(map(len, measured.values()))
    write(name, facts | {"rounds": rounds, "images_per_second": medians} | ratios, folder)
    for way, median in medians.items():
        print(f"{way:<24} {median:9.1f} images/s", *(f"{ratio(way, base):7.2f} x {base}" for base in bases))
