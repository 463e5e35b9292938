"""The comparison on a repository whose two stages make up predictions; real DVC, real experiments, no training."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, set_param
from test_pipeline import Clone

from met_culture.command import UserError
from met_culture.compare import label, selected
from met_culture.experiments import Run

# More epochs are better, another batch size changes nothing, and the seed moves a few images.
STAGE = """
import csv, json, pathlib, random, yaml
params = yaml.safe_load(open("params.yaml"))["train"]
right = {2: 0.5, 3: 0.9}.get(params["epochs"], 0.5)
draw = random.Random(params["seed"])
labels = ["China", "Japan"]
rows = []
for i in range(80):
    correct = (i * 37 % 80) / 80 < right + draw.uniform(-0.05, 0.05)
    rows.append([i, f"g{i // 2}", labels[i % 2], labels[(i + (not correct)) % 2], 0.5, 0.5])
pathlib.Path("data/evaluate").mkdir(parents=True, exist_ok=True)
pathlib.Path("metrics").mkdir(exist_ok=True)
with open("data/evaluate/predictions.csv", "w", newline="") as file:
    csv.writer(file).writerows([["objectID", "group", "label", "predicted", "p_China", "p_Japan"], *rows])
share = sum(row[2] == row[3] for row in rows) / 80
figures = {"source": "made up", "accuracy": share, "balanced_accuracy": share, "macro_f1": share}
pathlib.Path("metrics/evaluate.json").write_text(json.dumps(figures))
pathlib.Path("metrics/train.json").write_text(json.dumps({"val_accuracy_last_10": share}))
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Return a repository with a committed run and experiments over three seeds."""
    clone = Clone(tmp_path_factory.mktemp("compare"))
    (clone.folder / "stage.py").write_text(STAGE)
    stage = {
        "cmd": "python stage.py",
        "params": ["train.epochs", "train.batch_size", "train.seed"],
        "outs": ["data/evaluate/predictions.csv"],
        "metrics": [{f"metrics/{name}.json": {"cache": False}} for name in ("train", "evaluate")],
    }
    (clone.folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"train": stage}}))
    shutil.copy(ROOT / "params.yaml", clone.folder)
    set_param(clone.folder, "  epochs: 50", "  epochs: 2")
    for command in ("git init -q", "dvc init -q", "dvc repro -q", "git add .", "git commit -qm Run"):
        clone.run(*command.split())
    for options in ("train.epochs=2,3", "train.batch_size=8"):
        clone.run("dvc", "exp", "run", "--queue", "-S", options, "-S", "train.seed=0,1,2")
    clone.run("dvc", "exp", "run", "--run-all")
    clone.env["PYTHONPATH"] = str(ROOT / "src")
    return clone


def compare(clone: Clone, *options: str, code: int = 0) -> str:
    return clone.run(sys.executable, "-m", "met_culture.compare", *options, code=code)


def test_seeds_are_one_configuration_and_better_is_a_statement(repository: Clone) -> None:
    lines = compare(repository).splitlines()
    assert lines[0].split() == [
        "n", "validation", "test", "accuracy", "(95", "%)", "difference", "(95", "%)", "p", "configuration"
    ]  # fmt: skip
    found = {line.split()[-1]: line for line in lines[1:] if not line.startswith("note: ")}
    assert set(found) == {"baseline", "train.epochs=3", "train.batch_size=8"}
    # HEAD is seed 0 of the baseline, and the experiment that repeats it is not counted twice.
    assert all(line.split()[0] == "3" for line in found.values())
    assert " better " in found["train.epochs=3"]
    assert "+0.000 (+0.000 to +0.000) 1.000 no difference shown" in found["train.batch_size=8"]
    assert (repository.folder / "dvc_plots/compare.png").stat().st_size > 10_000


def test_any_run_can_be_the_baseline_and_names_choose(repository: Clone) -> None:
    shown = json.loads(repository.run("bash", "-c", "dvc exp show --json 2>/dev/null"))
    params = {
        each["name"]: each["revs"][0]["data"]["params"]["params.yaml"]["data"]["train"]
        for each in shown[1]["experiments"]
    }
    longer = next(name for name, train in params.items() if train["epochs"] == 3)
    said = compare(repository, "--baseline", longer, "--metric", "macro_f1", "master")
    assert " worse " in next(line for line in said.splitlines() if line.endswith("train.epochs=2"))
    assert "batch_size" not in said
    assert "error: nothing_like_it is no finished experiment" in compare(repository, "nothing_like_it", code=1)


def test_result_files_stand_beside_without_a_test(repository: Clone) -> None:
    file = ROOT / "benchmarks/results/article_museum.json"
    said = compare(repository, str(file))
    lines = [line for line in said.splitlines() if "not tested" in line]
    assert len(lines) == 2
    assert all(line.split()[0] == "3" for line in lines)
    assert "no predictions of article_museum in DVC's cache" in said


def test_predictions_that_are_not_in_the_cache_cost_the_test_only(repository: Clone, tmp_path: Path) -> None:
    clone = Clone(tmp_path / "copy")
    shutil.copytree(repository.folder, clone.folder)
    clone.env["PYTHONPATH"] = str(ROOT / "src")
    shutil.rmtree(clone.folder / ".dvc/cache")
    said = compare(clone)
    assert said.count("not tested") == 2
    assert "no predictions of" in said


def test_queued_and_failed_experiments_are_named_and_left_out(repository: Clone, tmp_path: Path) -> None:
    clone = Clone(tmp_path / "copy")
    shutil.copytree(repository.folder, clone.folder)
    clone.env["PYTHONPATH"] = str(ROOT / "src")
    clone.run("dvc", "exp", "run", "--queue", "--name", "waiting", "-S", "train.epochs=7")
    said = compare(clone)
    assert "note: waiting is left out: queued" in said
    assert "train.epochs=7" not in said


@pytest.mark.parametrize("content", [None, "no JSON", "[]", '{"experiments": [{"params": {}}]}'])
def test_a_file_that_holds_no_results_is_named(repository: Clone, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "results.json"
    if content is not None:
        file.write_text(content)
    said = compare(repository, str(file), code=1)
    assert f"error: {file} " in said
    assert "Traceback" not in said


def test_outside_a_repository_it_says_where_to_run(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "met_culture.compare"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("error: `dvc exp show` failed (")
    assert done.stderr.count("\n") == 1


def test_a_label_says_what_differs_but_the_seeds() -> None:
    base = {"train.epochs": 50, "train.seed": 0, "clean.labels": [], "train.optimizer": "sgd"}
    assert label(base | {"train.seed": 3, "clean.seed": 9}, base | {"clean.seed": 1}) == "baseline"
    assert label(base | {"train.epochs": 9, "train.optimizer": "adam"}, base) == "train.epochs=9, train.optimizer=adam"
    assert len(label(base | {"clean.labels": ["x" * 500]}, base)) < 90
    assert label({"train.epochs": 50}, base) == "other keys"


def test_the_baseline_comes_first_and_other_splits_are_the_same_configuration() -> None:
    runs = [
        Run(str(n), {"train.epochs": epochs, "clean.seed": n}, {}, None) for n, epochs in enumerate((50, 100, 50, 7))
    ]
    assert [run.name for run in selected(runs, [], "1")] == ["1", "0", "2", "3"]
    assert [run.name for run in selected(runs, ["1"], None)] == ["0", "2", "1"]
    with pytest.raises(UserError, match="no finished experiment"):
        selected(runs, [], "x")
