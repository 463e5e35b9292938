"""How far the figures move where sums round differently: other threads, another processor.

`python benchmarks/rounding.py [--elsewhere COMMIT]` trains the committed experiment on the sample with other settings,
ten minutes on two slow cores, and writes how far its figures are from the committed ones, made on this machine,
to benchmarks/results/rounding.json. `--elsewhere` adds what another machine has committed with the same parameters.
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


def figures(read: dict[str, Any]) -> dict[str, float]:
    """Return the figures that have a tolerance, of metrics by stage."""
    return {name: read[stage][name] for stage, limits in TOLERANCE.items() for name in limits}


def trained(env: dict[str, str]) -> dict[str, float]:
    """Run the pipeline in a clone of its own and return the figures."""
    with tempfile.TemporaryDirectory() as folder:
        clone = scratch_clone(Path(folder) / "clone", **env)
        clone.run("dvc", "repro")
        return figures({stage: clone.metrics(stage) for stage in TOLERANCE})


def committed(revision: str) -> dict[str, float]:
    """Return the figures that a commit holds."""
    show = ("git", "show")
    texts = {
        stage: subprocess.run([*show, f"{revision}:metrics/{stage}.json"], cwd=ROOT, capture_output=True, check=True)
        for stage in TOLERANCE
    }
    return figures({stage: json.loads(done.stdout) for stage, done in texts.items()})


def main() -> None:
    """Train every way and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--elsewhere", metavar="COMMIT")
    elsewhere = parser.parse_args().elsewhere
    measured = commit()
    base = committed("HEAD")
    found = {"as committed": base} | {way: trained(env) for way, env in WAYS.items()}
    if elsewhere:
        found[f"another processor, {elsewhere}"] = committed(elsewhere)
    apart = {name: max(abs(each[name] - base[name]) for each in found.values()) for name in base}
    print(json.dumps(result := {"figures": found, "largest_difference": apart}, indent=2))
    write("rounding", {"commit": measured, **result})


if __name__ == "__main__":
    main()
