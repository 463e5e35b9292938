"""The committed results of the benchmarks hold what the project promises; nothing is timed here."""

import re
from pathlib import Path

import pytest
from conftest import ROOT

from met_culture.files import read_json

RESULTS = ROOT / "benchmarks" / "results"


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*.json")), ids=lambda path: path.stem)
def test_each_names_its_machine_and_its_commit(path: Path) -> None:
    result = read_json(path)
    assert {"processor", "cores", "python", "tensorflow", "keras"} <= set(result["machine"])
    assert re.fullmatch("[0-9a-f]{12}", result["commit"]), "measured with code that was not committed"


@pytest.mark.parametrize(("name", "epochs"), [("article_museum", (50, 100)), ("article_sample", (50,))])
def test_the_article_ran_with_its_parameters_on_one_state_of_the_data(name: str, epochs: tuple[int, ...]) -> None:
    experiments = read_json(RESULTS / f"{name}.json")["experiments"]
    assert [(each["epochs"], each["seed"]) for each in experiments] == [(e, s) for s in (0, 1, 2) for e in epochs]
    assert len({each["fingerprint"] for each in experiments}) == 1
    for each in experiments:
        train = each["params"]["train"]
        assert (train["model"], train["epochs"], train["batch_size"]) == ("cnn", each["epochs"], 32)
        assert (train["seed"], each["params"]["clean"]["seed"]) == (each["seed"], each["seed"])
        assert each["params"]["preprocess"]["image_size"] == 150


def test_the_sample_is_neither_too_hard_nor_too_easy() -> None:
    result = read_json(RESULTS / "article_sample.json")
    accuracy = result["summary"]["50"]["val_accuracy_last_10"]
    assert 0.75 <= accuracy["mean"] <= 0.92
    assert result["experiments"][0]["evaluate"]["source"] == "synthetic sample"


def test_preprocess_is_at_least_twice_as_fast_as_the_articles_loop() -> None:
    assert read_json(RESULTS / "preprocess.json")["ratio_to_article"]["preprocess"] >= 2


def test_training_is_at_least_as_fast_as_imagedatagenerator() -> None:
    assert read_json(RESULTS / "train.json")["ratio_to_ImageDataGenerator"]["batches"] >= 1
