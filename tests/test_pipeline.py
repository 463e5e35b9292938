"""The pipeline as a user runs it: real `dvc repro` in a temporary clone, on a quarter of the sample.

Takes about two minutes: each stage is a process of its own, and each process of train and evaluate imports TensorFlow.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cloning import SETTINGS, Clone, working_tree
from support import ROOT, set_param

from met_culture.common.files import read_json

DOWNSTREAM = ["preprocess", "train", "evaluate"]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, small_sample: Path) -> Clone:
    """Return a clone in which the pipeline has run once, on a museum folder beside it."""
    folder = tmp_path_factory.mktemp("pipeline")
    shutil.copytree(small_sample, folder / "museum")
    clone = working_tree(folder / "clone")
    for old, new in SETTINGS.items():
        set_param(clone.folder, old, new)
    assert clone.repro() == ["fetch", "clean", "explore", *DOWNSTREAM]
    clone.run("git", "add", ".")
    clone.run("git", "commit", "-qm", "First run")
    return clone


def changed(clone: Clone, old: str, new: str) -> list[str]:
    """Return what runs after a change of params.yaml; then change it back, which must run nothing."""
    before = clone.lock
    set_param(clone.folder, old, new)
    ran = clone.repro()
    assert clone.lock != before
    set_param(clone.folder, new, old)
    assert clone.repro() == [], "the earlier value was not restored from the run cache"
    assert clone.lock == before
    return ran


def test_a_second_run_has_nothing_to_do(clone: Clone) -> None:
    assert "up to date" in clone.run("dvc", "repro")
    assert clone.run("git", "status", "--porcelain") == ""


def test_epochs_rerun_train_and_evaluate(clone: Clone) -> None:
    accuracy = (clone.folder / "metrics/train.json").read_bytes()
    assert changed(clone, "epochs: 2", "epochs: 3") == ["train", "evaluate"]
    assert (clone.folder / "metrics/train.json").read_bytes() == accuracy


@pytest.mark.slow
def test_image_size_reruns_preprocess_and_below(clone: Clone) -> None:
    assert changed(clone, "image_size: 48", "image_size: 50") == DOWNSTREAM


@pytest.mark.slow
def test_the_seed_of_clean_reruns_clean_and_below(clone: Clone) -> None:
    assert changed(clone, "  seed: 11", "  seed: 12") == ["clean", "explore", *DOWNSTREAM]


def test_the_pace_reruns_nothing(clone: Clone) -> None:
    set_param(clone.folder, "requests_per_second: 1.0", "requests_per_second: 0.5")
    assert clone.repro() == []
    set_param(clone.folder, "requests_per_second: 0.5", "requests_per_second: 1.0")


@pytest.mark.slow
def test_two_forced_runs_give_the_same_hash_for_every_output(clone: Clone) -> None:
    before = clone.lock
    assert before.count("md5: ") > 60
    shutil.rmtree(clone.folder / ".scratch")
    assert clone.repro("--force") == ["fetch", "clean", "explore", *DOWNSTREAM]
    assert clone.lock == before
    assert clone.run("git", "status", "--porcelain") == ""


def test_an_experiment_in_a_temporary_copy_finds_source_and_scratch(clone: Clone) -> None:
    # The seed of the sample, which this source does not use: fetch runs and its outputs are the same.
    out = clone.run("dvc", "exp", "run", "--temp", "--name", "temporary", "-S", "fetch.sample_seed=8")
    assert re.findall(r"Running stage '(\w+)'", out) == ["fetch"]
    log = next((clone.folder / ".scratch").rglob("fetch.log")).read_text().splitlines()[-1]
    # The path of the source is relative, and means the folder beside the main checkout there too.
    assert "museum folder museum: 118 records, read from the folder" in log
    assert "temporary" in clone.run("dvc", "exp", "list", "--name-only")


def test_metrics_and_plots_compare_experiments(clone: Clone) -> None:
    clone.run("dvc", "exp", "run", "--name", "longer", "-S", "train.epochs=3")
    diff = clone.run("dvc", "metrics", "diff", "HEAD", "--md")
    assert re.search(r"metrics/train\.json +\| epochs +\| 2 +\| 3", diff)
    clone.run("dvc", "plots", "diff", "HEAD", "workspace")
    page = (clone.folder / "dvc_plots/index.html").read_text()
    assert all(word in page for word in ("Accuracy", "Loss", "val_accuracy", "curves.png", "predicted culture"))
    clone.run("git", "checkout", "-q", ".")
    clone.run("dvc", "checkout", "-q")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("epochs: 2", "epochs: -1", "params.yaml: train.epochs"),
        ("image_size: 48", "image_size: big", "params.yaml: preprocess.image_size"),
        ("zoom: 0.2", "zooom: 0.2", "params.yaml: train.augment.zooom"),
        ("source: ../museum", "source: ../nothing", "fetch.source: '../nothing'"),
    ],
)
def test_wrong_values_stop_make_repro_before_anything_is_lost(clone: Clone, old: str, new: str, says: str) -> None:
    files = [path for name in ("data", "models", "metrics", "plots") for path in (clone.folder / name).rglob("*")]
    outputs = {path: path.stat().st_mtime_ns for path in files}
    assert len(outputs) > 30
    set_param(clone.folder, old, new)
    installed = f"{sys.prefix}/run.done"
    out = clone.run("make", f"--old-file={installed}", f"VENV={sys.prefix}", "repro", code=2)
    set_param(clone.folder, new, old)
    assert f"error: {says}" in out
    assert "Traceback" not in out
    assert {path: path.stat().st_mtime_ns for path in outputs} == outputs


def test_predict_reads_the_trained_model(clone: Clone) -> None:
    image = next((clone.folder / "data/raw/images").iterdir())
    out = clone.run("python", "-m", "met_culture.predict", "--json", str(image))
    assert '"probabilities": {"China": ' in out
    assert "not on real paintings" not in out  # the museum folder is its source, whatever that folder holds


def test_the_committed_lock_file_is_current(tmp_path: Path) -> None:
    """What is committed was made by the committed code and parameters: in a fresh clone no stage would run."""
    subprocess.run(["git", "clone", "-q", str(ROOT), str(tmp_path / "fresh")], check=True)
    fresh = Clone(tmp_path / "fresh")
    out = fresh.run("dvc", "repro", "--dry", "--allow-missing")
    assert "Running stage" not in out
    assert "accuracy" in fresh.run("dvc", "metrics", "show")
    metrics = {path.stem: read_json(path) for path in (fresh.folder / "metrics").iterdir()}
    assert {"processor", "cores", "tensorflow", "devices"} <= set(metrics.pop("environment"))
    assert [each["source"] for each in metrics.values()] == ["synthetic sample"] * 4
