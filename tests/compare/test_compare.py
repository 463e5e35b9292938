"""The comparison on a repository whose two stages make up predictions; real DVC, real experiments, no training."""

import contextlib
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cloning import Clone
from support import ROOT, set_param

from met_culture.common.cli import run
from met_culture.compare.__main__ import main

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
metrics = {"source": "made up", "accuracy": share, "balanced_accuracy": share, "macro_f1": share}
pathlib.Path("metrics/evaluate.json").write_text(json.dumps(metrics))
pathlib.Path("metrics/train.json").write_text(json.dumps({"val_accuracy_last_10": share}))
"""
# In one process, as each `dvc exp run` is seconds of imports.
EXPERIMENTS = """
from dvc.repo import Repo
with Repo() as repo:
    for epochs, batch_size in ((2, 32), (3, 32), (2, 8)):
        for seed in range(3):
            changes = {"epochs": epochs, "batch_size": batch_size, "seed": seed}
            repo.experiments.run(params=[f"train.{key}={value}" for key, value in changes.items()])
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Return a repository with a committed run and experiments over three seeds."""
    clone = Clone(tmp_path_factory.mktemp("compare"))
    (clone.folder / "stage.py").write_text(STAGE)
    stage = {
        "cmd": "python stage.py",
        "deps": ["stage.py"],
        "params": ["train.epochs", "train.batch_size", "train.seed"],
        "outs": ["data/evaluate/predictions.csv"],
        "metrics": [{f"metrics/{name}.json": {"cache": False}} for name in ("train", "evaluate")],
    }
    (clone.folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"train": stage}}))
    shutil.copy(ROOT / "params.yaml", clone.folder)
    set_param(clone.folder, "  epochs: 50", "  epochs: 2")
    for command in ("git init -q -b main", "dvc init -q", "dvc repro -q", "git add .", "git commit -qm Run"):
        clone.run(*command.split())
    clone.run(sys.executable, "-c", EXPERIMENTS)
    clone.run("git", "checkout", "-q", ".")
    clone.run("dvc", "checkout", "-q")
    return clone


def copied(repository: Clone, folder: Path) -> Clone:
    clone = Clone(folder)
    shutil.copytree(repository.folder, folder)
    return clone


def compare(clone: Clone, *options: str, code: int = 0) -> str:
    """Run the command in this process, which has imported everything, and return what it prints, stderr included."""
    printed = io.StringIO()
    with (
        contextlib.chdir(clone.folder),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        pytest.MonkeyPatch.context() as patch,
        pytest.raises(SystemExit) as left,
    ):
        for name, value in clone.env.items():
            patch.setenv(name, value)
        patch.setattr("sys.argv", ["compare", *options])
        run(main)
    assert (left.value.code or 0) == code, printed.getvalue()
    return printed.getvalue()


def test_seeds_are_one_configuration_and_better_is_a_statement(repository: Clone) -> None:
    lines = compare(repository).splitlines()
    assert lines[0].split() == [
        "n", "validation", "test", "accuracy", "(95", "%)", "difference", "(95", "%)",
        "pairs", "x", "images", "p", "(Holm)", "configuration",
    ]  # fmt: skip
    by_label = {line.split()[-1]: line for line in lines[1:] if not line.startswith("note: ")}
    assert set(by_label) == {"baseline", "train.epochs=3", "train.batch_size=8"}
    # HEAD is seed 0 of the baseline, and the experiment that repeats it is not counted twice.
    assert all(line.split()[0] == "3" for line in by_label.values())
    assert " better " in by_label["train.epochs=3"]
    assert "+0.000 (+0.000 to +0.000)         3 x 80    1.000 no difference shown" in by_label["train.batch_size=8"]
    assert (repository.folder / "dvc_plots/compare.png").stat().st_size > 10_000


def test_any_run_can_be_the_baseline_and_names_choose(repository: Clone) -> None:
    shown = json.loads(repository.run("bash", "-c", "dvc exp show --json 2>/dev/null"))
    params = {
        experiment["name"]: experiment["revs"][0]["data"]["params"]["params.yaml"]["data"]["train"]
        for experiment in shown[1]["experiments"]
    }
    longer = next(name for name, train in params.items() if train["epochs"] == 3)
    output = compare(repository, "--baseline", longer, "--metric", "macro_f1", "main")
    assert " worse " in next(line for line in output.splitlines() if line.endswith("train.epochs=2"))
    assert "batch_size" not in output
    assert "error: nothing_like_it is not a finished experiment of HEAD" in compare(
        repository, "nothing_like_it", code=1
    )


def test_result_files_stand_beside_without_a_test(repository: Clone) -> None:
    file = ROOT / "benchmarks/results/article_sample.json"
    output = compare(repository, str(file))
    lines = [line for line in output.splitlines() if "not tested" in line]
    assert [line.split()[0] for line in lines] == ["3"]
    assert "DVC's cache has no predictions of article_sample" in output
    assert "other code, other data (article_sample)" in lines[0]


def test_predictions_that_are_not_in_the_cache_cost_the_test_only(repository: Clone, tmp_path: Path) -> None:
    clone = copied(repository, tmp_path / "copy")
    shutil.rmtree(clone.folder / ".dvc/cache")
    output = compare(clone)
    assert output.count("not tested") == 2
    assert "DVC's cache has no predictions of" in output


def test_queued_experiments_are_named_and_left_out(repository: Clone, tmp_path: Path) -> None:
    clone = copied(repository, tmp_path / "copy")
    clone.run("dvc", "exp", "run", "--queue", "--name", "waiting", "-S", "train.epochs=7")
    output = compare(clone)
    assert "note: waiting is left out: queued" in output
    assert "train.epochs=7" not in output


@pytest.mark.parametrize("content", [None, "no JSON", "[]", '{"experiments": [{"params": {}}]}'])
def test_a_file_that_holds_no_results_is_named(repository: Clone, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "results.json"
    if content is not None:
        file.write_text(content)
    output = compare(repository, str(file), code=1)
    assert f"error: {file} " in output
    assert "Traceback" not in output


def test_outside_a_repository_it_says_where_to_run(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "met_culture.compare"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("error: `dvc exp show` failed (")
    assert done.stderr.count("\n") == 1


def test_runs_of_other_code_are_another_configuration(repository: Clone, tmp_path: Path) -> None:
    clone = copied(repository, tmp_path / "copy")
    stage = clone.folder / "stage.py"
    stage.write_text(stage.read_text().replace("2: 0.5", "2: 0.9"))
    clone.run("dvc", "exp", "run", "--name", "deeper", "-S", "train.seed=1")
    output = compare(clone)
    assert next(line for line in output.splitlines() if line.endswith("baseline")).split()[0] == "3"
    assert "too few seeds other code (deeper)" in output


def test_two_names_of_one_result_are_both_known(repository: Clone, tmp_path: Path) -> None:
    clone = copied(repository, tmp_path / "copy")
    clone.run("dvc", "exp", "run", "--name", "twin", "-S", "train.epochs=3", "-S", "train.seed=2")
    output = compare(clone, "twin")
    assert next(line for line in output.splitlines() if "train.epochs=3" in line).split()[0] == "3"


def test_after_a_commit_the_way_to_earlier_experiments_is_told(repository: Clone, tmp_path: Path) -> None:
    clone = copied(repository, tmp_path / "copy")
    clone.run("git", "commit", "-q", "--allow-empty", "-m", "Later")
    assert "--commits N adds experiments of earlier commits" in compare(clone)
    assert "train.epochs=3" in compare(clone, "--commits", "2")


def test_a_commit_whose_parameters_were_not_run_is_no_baseline(repository: Clone, tmp_path: Path) -> None:
    clone = copied(repository, tmp_path / "copy")
    set_param(clone.folder, "  epochs: 2 ", "  epochs: 77 ")
    clone.run("git", "commit", "-qam", "Not run")
    output = compare(clone, code=1)
    assert (
        "error: HEAD has no finished run (main is left out: its dvc.lock has other parameters or is missing" in output
    )


def test_damaged_predictions_are_named_and_not_used(repository: Clone, tmp_path: Path) -> None:
    clone = copied(repository, tmp_path / "copy")
    lock = yaml.safe_load((clone.folder / "dvc.lock").read_text())
    digest = next(out["md5"] for out in lock["stages"]["train"]["outs"] if out["path"].endswith(".csv"))
    path = clone.folder / ".dvc/cache/files/md5" / digest[:2] / digest[2:]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:300])
    output = compare(clone)
    assert f"{digest[2:]} is damaged and not used" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--picture", "x.txt"), "--picture x.txt: must end in .png"),
        (("--commits", "-3"), "--commits must be 1 or more"),
    ],
)
def test_wrong_options_are_named(repository: Clone, options: tuple[str, ...], says: str) -> None:
    assert compare(repository, *options, code=1).startswith(f"error: {says}")


def test_a_damaged_pipeline_is_named(repository: Clone, tmp_path: Path) -> None:
    clone = copied(repository, tmp_path / "copy")
    (clone.folder / "dvc.yaml").write_text("stages: [")
    output = compare(clone, code=1)
    assert output.splitlines()[-1].startswith("error: ")
    assert "Traceback" not in output
