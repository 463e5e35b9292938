"""How much probabilities and metrics change if sums round differently: with other threads, or on another processor.

`python benchmarks/rounding.py [--elsewhere COMMIT]` trains the committed experiment and the preset `style` on the
sample with other settings, 20 minutes on two slow cores. It writes to benchmarks/results/rounding.json how far the
metrics of the committed experiment are from the committed ones, made on this machine, and how far the probabilities of
each model for the test images are from those with the usual settings. `--elsewhere` adds the metrics of a commit of
another machine, with the same parameters.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from article import parameters
from measure import ROOT, commit, scratch_clone, write
from models import changes

from met_culture.evaluate.predictions import read_predictions
from met_culture.verify.committed import TOLERANCE

LAST_LAYER = 0.001  # largest change of a probability of a fitted last layer; tests/train/test_rounding.py holds it
WIDE = ("X86_V4", "AVX512")  # beginnings of NumPy's names of instructions that AVX2 does not have
DISABLED = " ".join(name for name in np._core._multiarray_umath.__cpu_dispatch__ if name.startswith(WIDE))
# Other threads sum in another order, and so do other instructions. The second way emulates an older processor.
WAYS: dict[str, dict[str, str]] = {
    "one thread": {"TF_NUM_INTRAOP_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    "AVX2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        **({"NPY_DISABLE_CPU_FEATURES": DISABLED} if DISABLED else {}),
    },
    "without oneDNN": {"TF_ENABLE_ONEDNN_OPTS": "0"},
}
MODELS: dict[str, dict[str, Any]] = {"as committed": {}, "style": changes("style")}


def with_tolerance(metrics: dict[str, Any]) -> dict[str, float]:
    """Return the metrics that have a tolerance, from the metrics by stage."""
    return {name: metrics[stage][name] for stage, limits in TOLERANCE.items() for name in limits}


def trained(changed: dict[str, Any], env: dict[str, str]) -> tuple[dict[str, float], pd.DataFrame]:
    """Run the pipeline with changed parameters in its own clone; return the metrics and the test predictions."""
    with tempfile.TemporaryDirectory() as folder:
        clone = scratch_clone(Path(folder) / "clone", **env)
        (clone.folder / "params.yaml").write_text(yaml.safe_dump(parameters(changed)))
        clone.run("dvc", "repro")
        predictions = read_predictions(clone.folder / "data/evaluate/predictions.csv")
        return with_tolerance({stage: clone.metrics(stage) for stage in TOLERANCE}), predictions


def committed(revision: str) -> dict[str, float]:
    """Return the metrics of a commit."""
    show = ("git", "show")
    texts = {
        stage: subprocess.run([*show, f"{revision}:metrics/{stage}.json"], cwd=ROOT, capture_output=True, check=True)
        for stage in TOLERANCE
    }
    return with_tolerance({stage: json.loads(done.stdout) for stage, done in texts.items()})


def change(usual: pd.DataFrame, other: pd.DataFrame) -> dict[str, float]:
    """Return the largest change of a probability, and how many answers differ."""
    columns = [column for column in usual if column.startswith("p_")]
    largest = float((usual[columns] - other[columns]).abs().to_numpy().max())
    return {"largest_change": largest, "other_answers": int((usual["predicted"] != other["predicted"]).sum())}


def main() -> None:
    """Train every way and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--elsewhere", metavar="COMMIT")
    elsewhere = parser.parse_args().elsewhere
    measured = commit()
    base = committed("HEAD")
    runs, probabilities = {"as committed": base}, {}
    for model, changed in MODELS.items():
        _, usual = trained(changed, {})
        results = {way: trained(changed, env) for way, env in WAYS.items()}
        probabilities[model] = {way: change(usual, predictions) for way, (_, predictions) in results.items()}
        if not changed:
            runs |= {way: metrics for way, (metrics, _) in results.items()}
    if elsewhere:
        runs[f"another processor, {elsewhere}"] = committed(elsewhere)
    differences = {name: max(abs(metrics[name] - base[name]) for metrics in runs.values()) for name in base}
    result = {"figures": runs, "largest_difference": differences, "probabilities": probabilities}
    print(json.dumps(result, indent=2))
    write("rounding", {"commit": measured, **result})


if __name__ == "__main__":
    main()
