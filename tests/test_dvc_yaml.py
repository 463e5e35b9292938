"""dvc.yaml against the code: what a stage reads is what it declares."""

import ast
from pathlib import Path

import pytest
import yaml
from support import ROOT

SOURCE = ROOT / "src" / "met_culture"
DVC = yaml.safe_load((ROOT / "dvc.yaml").read_text())
PARAMS = yaml.safe_load((ROOT / "params.yaml").read_text())
STAGES = ["fetch", "clean", "explore", "preprocess", "train", "evaluate"]
HOW_TO_ASK = ("requests_per_second", "parallel_images", "timeout_s", "user_agent")  # not what is there
UNTRACKED = {f"fetch.{key}" for key in HOW_TO_ASK}


def module_file(name: str) -> Path | None:
    path = SOURCE.joinpath(*name.split(".")[1:])
    if path == SOURCE:
        return None
    return path if path.is_dir() else path.with_suffix(".py") if path.with_suffix(".py").is_file() else None


def imported(path: Path) -> set[Path]:
    files: set[Path] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        files |= {file for name in names if name.startswith("met_culture") and (file := module_file(name))}
    return files


def closure(path: Path) -> set[Path]:
    seen, waiting = set(), [path]
    while waiting:
        file = waiting.pop()
        if file in seen or file.is_relative_to(SOURCE / "sample"):
            continue
        seen.add(file)
        waiting += [each for each in imported(file) if each.is_file()]
        if any(each.is_relative_to(SOURCE / "sample") for each in imported(file)):
            seen.add(SOURCE / "sample")  # a folder is one dependency
    return seen


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
def test_deps_name_every_imported_module(stage: str) -> None:
    declared = {ROOT / dep for dep in DVC["stages"][stage]["deps"] if dep.startswith("src/")}
    assert declared == closure(SOURCE / f"{stage}.py")


def test_the_package_itself_only_says_where_modules_are() -> None:
    """It is in no stage's deps, so nothing that a result depends on may be there."""
    names = {
        node.id for node in ast.walk(ast.parse((SOURCE / "__init__.py").read_text())) if isinstance(node, ast.Name)
    }
    assert names == {"_Path", "_copy", "__path__", "str"}


def test_the_sample_imports_nothing_beside_itself() -> None:
    for path in (SOURCE / "sample").glob("*.py"):
        assert all(file.is_relative_to(SOURCE / "sample") for file in imported(path)), path


@pytest.mark.parametrize("stage", STAGES)
def test_params_are_the_leaves_of_the_stages_own_section(stage: str) -> None:
    declared = set(DVC["stages"][stage].get("params", []))
    assert declared == leaves(PARAMS[stage], stage) - UNTRACKED


@pytest.mark.parametrize("stage", STAGES)
def test_every_data_dependency_is_an_output_of_an_earlier_stage(stage: str) -> None:
    earlier = {name for before in STAGES[: STAGES.index(stage)] for name in outputs(DVC["stages"][before])}
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
