"""dvc.yaml against the code: what a stage reads is what it declares."""

from pathlib import Path

import pytest
import yaml
from imports import SOURCE, closure, imported
from support import ROOT

DVC = yaml.safe_load((ROOT / "dvc.yaml").read_text())
PARAMS = yaml.safe_load((ROOT / "params.yaml").read_text())
STAGES = ["fetch", "clean", "explore", "preprocess", "train", "evaluate"]
HOW_TO_ASK = ("requests_per_second", "parallel_images", "timeout_s", "user_agent")  # not what is there
UNTRACKED = {f"fetch.{key}" for key in HOW_TO_ASK}


def declared_files(stage: str) -> dict[str, set[Path]]:
    """Return the files of each dependency of a stage that is code."""
    files = {}
    for dependency in DVC["stages"][stage]["deps"]:
        if dependency.startswith("src/"):
            path = ROOT / dependency
            files[dependency] = {path} if path.is_file() else set(path.rglob("*.py"))
    return files


def names(entries: list) -> list[str]:
    return [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]


def leaves(content: dict, prefix: str) -> set[str]:
    found = set()
    for key, value in content.items():
        found |= leaves(value, f"{prefix}.{key}") if isinstance(value, dict) else {f"{prefix}.{key}"}
    return found


def outputs(stage: dict) -> list[str]:
    return [name for kind in ("outs", "metrics", "plots") for name in names(stage.get(kind, []))]


def test_six_stages_in_order() -> None:
    assert list(DVC["stages"]) == STAGES


@pytest.mark.parametrize("stage", STAGES)
def test_deps_cover_what_a_stage_imports(stage: str) -> None:
    declared = set().union(*declared_files(stage).values())
    assert closure(SOURCE / stage / "__main__.py") <= declared


@pytest.mark.parametrize("stage", STAGES)
def test_every_dependency_is_imported(stage: str) -> None:
    needed = closure(SOURCE / stage / "__main__.py")
    assert [name for name, files in declared_files(stage).items() if not files & needed] == []


def test_the_sample_imports_only_common() -> None:
    for path in (SOURCE / "sample").glob("*.py"):
        assert all(file.parent.name in ("sample", "common") for file in imported(path)), path


@pytest.mark.parametrize("stage", STAGES)
def test_params_are_the_leaves_of_the_stages_own_section(stage: str) -> None:
    declared = set(DVC["stages"][stage].get("params", []))
    assert declared == leaves(PARAMS[stage], stage) - UNTRACKED


@pytest.mark.parametrize("stage", STAGES)
def test_every_data_dependency_is_an_output_of_an_earlier_stage_or_published(stage: str) -> None:
    earlier = {"benchmarks/paintings.csv"} if stage == "clean" else set()
    earlier |= {name for before in STAGES[: STAGES.index(stage)] for name in outputs(DVC["stages"][before])}
    assert {dep for dep in DVC["stages"][stage]["deps"] if not dep.startswith("src/")} <= earlier


@pytest.mark.parametrize("stage", STAGES)
def test_metrics_and_plots_are_in_git_and_declared_at_the_stage(stage: str) -> None:
    assert "metrics" not in DVC
    for kind in ("metrics", "plots"):
        for entry in DVC["stages"][stage].get(kind, []) if stage != "explore" else []:
            assert next(iter(entry.values()))["cache"] is False
    for entry in DVC["stages"][stage].get("outs", []):
        assert isinstance(entry, str), "an output with options leaves the run cache"


def test_one_accuracy_and_one_loss_plot_with_train_and_validation() -> None:
    plots = {name: plot for entry in DVC["plots"] for name, plot in entry.items()}
    assert plots["Accuracy"]["y"] == {"plots/training.csv": ["train_accuracy", "val_accuracy"]}
    assert plots["Loss"]["y"] == {"plots/training.csv": ["train_loss", "val_loss"]}


def test_nothing_depends_on_explore() -> None:
    drawn = set(outputs(DVC["stages"]["explore"]))
    assert drawn
    assert not any(drawn & set(stage["deps"]) for stage in DVC["stages"].values())
