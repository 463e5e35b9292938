"""How much metrics change if sums round differently: with other threads, or on another processor.

`python benchmarks/rounding.py [--elsewhere COMMIT]` trains the committed experiment on the sample with other settings,
ten minutes on two slow cores, and writes how far its metrics are from the committed ones, made on this machine,
to benchmarks/results/rounding.json. `--elsewhere` adds the metrics of a commit of another machine, with the same
parameters.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from measure import ROOT, commit, scratch_clone, write

from met_culture.verify.committed import TOLERANCE

# Other threads sum in another order.
WAYS: dict[str, dict[str, str]] = {"one thread": {"TF_NUM_INTRAOP_THREADS": "1"}}


def with_tolerance(metrics: dict[str, Any]) -> dict[str, float]:
    """Return the metrics that have a tolerance, from the metrics by stage."""
    return {name: metrics[stage][name] for stage, limits in TOLERANCE.items() for name in limits}


def trained(env: dict[str, str]) -> dict[str, float]:
    """Run the pipeline in its own clone and return the metrics."""
    with tempfile.TemporaryDirectory() as folder:
        clone = scratch_clone(Path(folder) / "clone", **env)
        clone.run("dvc", "repro")
        return with_tolerance({stage: clone.metrics(stage) for stage in TOLERANCE})


def committed(revision: str) -> dict[str, float]:
    """Return the metrics of a commit."""
    show = ("git", "show")
    texts = {
        stage: subprocess.run([*show, f"{revision}:metrics/{stage}.json"], cwd=ROOT, capture_output=True, check=True)
        for stage in TOLERANCE
    }
    return with_tolerance({stage: json.loads(done.stdout) for stage, done in texts.items()})


def main() -> None:
    """Train every way and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--elsewhere", metavar="COMMIT")
    elsewhere = parser.parse_args().elsewhere
    measured = commit()
    base = committed("HEAD")
    runs = {"as committed": base} | {way: trained(env) for way, env in WAYS.items()}
    if elsewhere:
        runs[f"another processor, {elsewhere}"] = committed(elsewhere)
    differences = {name: max(abs(metrics[name] - base[name]) for metrics in runs.values()) for name in base}
    print(json.dumps(result := {"figures": runs, "largest_difference": differences}, indent=2))
    write("rounding", {"commit": measured, **result})


if __name__ == "__main__":
    main()
