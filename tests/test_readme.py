"""The README against what is committed: its numbers, its commands, its tree. Not against the workspace's files."""

import json
import re
import subprocess
from typing import Any

import models_page
import pytest
from support import ROOT

from met_culture.verify.comparison import TOLERANCE

README = (ROOT / "README.md").read_text(encoding="utf-8")
FETCH = (ROOT / "docs/fetch.md").read_text(encoding="utf-8")
CODE = (ROOT / "docs/code.md").read_text(encoding="utf-8")
PROSE = re.sub(r"```.*?```", "", README + FETCH, flags=re.DOTALL)
LABELS = ("China", "Japan", "America", "India")


def committed(path: str) -> Any:
    """Return a JSON file as the last commit holds it."""
    shown = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(shown.stdout)


def spread(figure: dict[str, float]) -> str:
    return f"{figure['mean']:.2f} ({figure['min']:.2f} to {figure['max']:.2f})"


@pytest.fixture(scope="module")
def article() -> dict[str, Any]:
    return committed("benchmarks/results/article_museum.json")


@pytest.mark.parametrize("epochs", ["50", "100"])
def test_the_table_of_real_paintings(article: dict[str, Any], epochs: str) -> None:
    summary = article["summary"][epochs]
    columns = ("val_accuracy_last_10", "accuracy", "balanced_accuracy", "macro_f1")
    f1 = ", ".join(f"{summary['f1'][label]:.2f}" for label in LABELS)
    assert f"| {epochs} | {' | '.join(spread(summary[name]) for name in columns)} | {f1} |" in README


def test_the_counts_of_real_paintings(article: dict[str, Any]) -> None:
    clean = article["experiments"][0]["clean"]
    china, japan, america, india = (clean["labels"][label]["paintings"] for label in LABELS)
    counted = f"({china} Chinese, {japan} Japanese, {america} American, {india} Indian)"
    assert f"**{clean['paintings']} real paintings** of the museum {counted}" in README.replace("\n", " ")


def sample_sentence() -> str:
    train, evaluate = committed("metrics/train.json"), committed("metrics/evaluate.json")
    low, high = evaluate["interval_95"]["accuracy"]
    return (
        f"validation accuracy {train['val_accuracy_last_10']:.2f} (mean of the last 10 of {train['epochs']} epochs), "
        f"test accuracy {evaluate['accuracy']:.2f} (95 %: {low:.2f} to {high:.2f}, {evaluate['n_test']} images), "
        f"macro-F1 {evaluate['macro_f1']:.2f}; always answering the most frequent culture gives "
        f"{evaluate['majority_accuracy']:.2f}."
    )


def test_the_figures_of_the_sample() -> None:
    assert committed("metrics/evaluate.json")["source"] == "synthetic sample"
    assert sample_sentence() in README.replace("\n", " ")


@pytest.mark.parametrize(
    ("name", "mine", "base"),
    [
        ("preprocess", "preprocess", "article"),
        ("train", "batches", "ImageDataGenerator"),
        ("inference", "command_from_files", "keras_predict_one_by_one"),
        ("fetch", "fetch", "img2dataset"),
    ],
)
def test_the_table_of_speed(name: str, mine: str, base: str) -> None:
    result = committed(f"benchmarks/results/{name}.json")
    rate, ratio = result["images_per_second"][mine], result[f"ratio_to_{base}"][mine]
    assert f"| {rate:,.0f} | {ratio:.2f} |" in README


@pytest.mark.parametrize("way", ["listing", "search", "csv", "dump"])
def test_the_table_of_what_the_paintings_cost(way: str) -> None:
    result = committed("benchmarks/results/fetch_cost.json")
    assert f"{result['objects']:,} objects" in FETCH
    cost = next(each for each in result["ways"] if each["way"] == way)
    minutes = " | ".join(f"{cost['api_minutes'][pace]:,.0f}" for pace in ("at_the_limit", "at_the_default_pace"))
    assert f"| {cost['api_requests']:,} | {minutes} | {cost['paintings']:,} | {cost['bytes'] / 1e6:,.0f} |" in FETCH


def test_the_sentence_on_faults() -> None:
    faults = committed("benchmarks/results/fetch.json")["faults"]
    shares = [faults[name]["obtained"] for name in ("fetch", "img2dataset_retries_3", "img2dataset")]
    said = "the fetch obtained {:.0%} of the images, img2dataset {:.0%} with three retries and {:.0%} without"
    assert said.format(*shares) in FETCH.replace("\n", " ")


def test_the_sentence_on_scale() -> None:
    first = committed("benchmarks/results/fetch_scale.json")["first"]
    small, large = (f"{first[size]['peak_mb']:.0f} MB" for size in ("1000", "100000"))
    said = f"{small} of memory for 1,000 objects and {large} for 100,000"
    assert said in FETCH.replace("\n", " ")


PRESETS = ("article_100", "frozen", "fine_tuned_small", "fine_tuned", "fine_tuned_small+fine_tuned")


def preset_rows() -> list[str]:
    return [models_page.short_row(name, committed(f"benchmarks/results/models_{name}.json")) for name in PRESETS]


def test_the_table_of_presets() -> None:
    for row in preset_rows():
        assert row in README


def photograph_sentence() -> str:
    probes = committed("benchmarks/results/probes.json")["probes"]
    border, masked, whole = (
        probes[f"Lite2, 320{more}"]["accuracy"] for more in (", border only", ", border masked", "")
    )
    majority = probes["majority"]["accuracy"]
    return (
        f"The outer tenth of the photograph alone tells the culture of {border:.2f} of the paintings, where always "
        f"answering the most frequent one gives {majority:.2f}; without it {masked:.2f} are right, with it {whole:.2f}"
    )


def test_how_much_is_photograph() -> None:
    assert photograph_sentence() in " ".join(README.split())


def test_the_samples_three_seeds() -> None:
    seeds = committed("benchmarks/results/article_sample.json")["summary"]["50"]["val_accuracy_last_10"]
    assert f"Over three seeds the validation accuracy is {spread(seeds)}." in README


def test_no_other_decimal_number_stands_in_the_prose(article: dict[str, Any]) -> None:
    """What is in none of the sentences above was measured by nobody."""
    known = {*re.findall(r"\d+\.\d+", " ".join([sample_sentence(), photograph_sentence(), *preset_rows()]))}
    others = [committed(f"benchmarks/results/article_{name}.json") for name in ("sample", "museum_80_20")]
    for summary in [each for result in (article, *others) for each in result["summary"].values()]:
        figures = [value for name, each in summary.items() if name != "f1" for value in each.values()]
        known |= {f"{value:.2f}" for value in [*figures, *summary["f1"].values()]}
    for name in ("preprocess", "train", "inference", "fetch"):
        result = committed(f"benchmarks/results/{name}.json")
        known |= {f"{ratio:.2f}" for key, each in result.items() if key.startswith("ratio") for ratio in each.values()}
    session = committed("benchmarks/results/experiments.json")
    known |= {f"{session[name]:.1f}" for name in ("seconds_to_restore", "seconds_with_nothing_to_do")}
    known |= {str(limit) for limits in TOLERANCE.values() for limit in limits.values()}
    known |= {"3.11", "3.13"}  # versions of Python
    assert set(re.findall(r"\d+\.\d+", PROSE)) <= known


def test_the_session_of_experiments_is_as_it_was_printed() -> None:
    session = committed("benchmarks/results/experiments.json")
    blocks = re.findall(r"```text\n(.*?)\n```", README, flags=re.DOTALL)
    assert blocks == [printed.strip("\n") for printed in session["printed"].values()]
    restored, nothing = (session[f"seconds_{name}"] for name in ("to_restore", "with_nothing_to_do"))
    said = f"trains nothing ({restored:.1f} s; with nothing to do `dvc repro` takes {nothing:.1f} s)"
    assert said in README.replace("\n", " ")


def test_the_tolerance_across_machines() -> None:
    limits = {**TOLERANCE["train"], **TOLERANCE["evaluate"]}
    assert limits["accuracy"] == limits["macro_f1"]
    said = f"within {limits['val_accuracy_last_10']} (validation accuracy) and {limits['accuracy']} (test accuracy"
    assert said in README.replace("\n", " ")


def test_it_is_at_most_200_lines() -> None:
    assert len(README.splitlines()) <= 200


def test_every_module_is_described_and_every_named_file_exists() -> None:
    modules = {path.name for path in (ROOT / "src/met_culture").glob("*.py")} - {"__init__.py"}
    assert set(re.findall(r"\w+\.py\b", CODE)) == modules
    for path in re.findall(r"[`(\"]((?:plots|benchmarks|data|models|docs|tests)/[\w./]+)", README + FETCH):
        assert (ROOT / path).exists() or path.startswith(("data/", "models/")), path


def test_its_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)", re.sub(r"package index|, make, Git", "", README))) <= targets


def test_the_committed_pictures_are_shown() -> None:
    command = ["git", "ls-files", "plots", "docs"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for picture in ("plots/curves.png", "docs/dashboard.png"):
        assert picture in README
        assert picture in listed
