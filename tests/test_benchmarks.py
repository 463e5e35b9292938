"""The committed results of the benchmarks hold what the project promises, and trials run; nothing is timed here."""

import importlib
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from met_culture.files import read_json
from met_culture.verify import TOLERANCE

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


def test_dvc_finds_nothing_to_do_and_restores_in_seconds() -> None:
    result = read_json(RESULTS / "experiments.json")
    assert result["seconds_with_nothing_to_do"] < 3
    assert result["seconds_to_restore"] < 10


def test_other_rounding_stays_within_the_tolerance_of_verify() -> None:
    result = read_json(RESULTS / "rounding.json")
    limits = {name: limit for each in TOLERANCE.values() for name, limit in each.items()}
    assert set(result["largest_difference"]) == set(limits)
    assert all(result["largest_difference"][name] <= limit for name, limit in limits.items())
    assert len(result["figures"]) >= 3


def committed(name: str) -> Any:
    path = RESULTS / f"{name}.json"
    if not path.exists():
        pytest.skip(f"benchmarks/{name}.py has no committed result yet")
    return read_json(path)


def test_the_fetch_is_at_least_as_fast_as_img2dataset_with_as_many_requests_at_once() -> None:
    result = committed("fetch")
    assert result["ratio_to_img2dataset"]["fetch"] >= 1
    assert f"--thread_count={result['parallel']}" in result["img2dataset"]["options"]
    assert result["rounds"] >= 3


def test_the_fetch_obtains_every_image_of_a_faulty_server() -> None:
    faults = committed("fetch")["faults"]
    assert faults["share_of_requests"] >= 0.2
    assert (faults["fetch"]["obtained"], faults["fetch"]["spoilt"]) == (1, 0)
    assert faults["img2dataset"]["obtained"] <= faults["img2dataset_retries_3"]["obtained"] <= 1


@pytest.mark.parametrize("run", ["first", "second"])
def test_neither_time_per_record_nor_memory_grows_with_the_number_of_records(run: str) -> None:
    figures = committed("fetch_scale")[run]
    assert {"1000", "10000", "100000"} <= set(figures)
    assert figures["largest_to_smallest"]["peak_mb"] <= 1.3
    assert figures["largest_to_smallest"]["wall_s_per_1000"] <= 1.3


def test_a_catalogue_spares_nearly_all_of_the_articles_requests() -> None:
    result = committed("fetch_cost")
    ways = {each["way"]: each for each in result["ways"]}
    assert result["objects"] == 500_000
    assert ways["listing"]["api_requests"] > 500_000
    assert all(ways[way]["api_requests"] < 0.02 * 500_000 for way in ("search", "csv"))
    assert ways["dump"]["api_requests"] == 0
    assert ways["listing"]["paintings"] == ways["search"]["paintings"] == ways["csv"]["paintings"]
    assert ways["dump"]["paintings"] >= ways["listing"]["paintings"]  # it holds the gone ones, too


def trial(tmp_path: Path, name: str, *options: object) -> Any:
    command = [sys.executable, ROOT / "benchmarks" / f"{name}.py", *map(str, options), "--results", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return read_json(tmp_path / f"{name}.json")


def test_a_small_trial_of_the_scale_counts_both_runs(tmp_path: Path) -> None:
    result = trial(tmp_path, "fetch_scale", "--sizes", 2, 4, "--rounds", 1)
    for run in ("first", "second"):
        assert set(result[run]) == {"2", "4", "largest_to_smallest"}
        assert result[run]["4"]["peak_mb"] > 10


def test_a_small_trial_of_the_cost_finds_the_same_paintings_every_way(tmp_path: Path) -> None:
    ways = {each["way"]: each for each in trial(tmp_path, "fetch_cost", "--objects", 1500)["ways"]}
    assert list(ways) == ["listing", "search", "csv", "dump"]
    assert ways["listing"]["api_requests"] == 1501
    assert ways["csv"]["catalogue_requests"] == ways["dump"]["catalogue_requests"] == 1
    assert ways["csv"]["api_requests"] < ways["search"]["api_requests"] < 100
    assert ways["dump"]["paintings"] >= ways["listing"]["paintings"] == ways["csv"]["paintings"] > 5


def test_a_small_trial_of_the_faults_obtains_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    fetch = importlib.import_module("fetch")
    records = list(fetch.with_images(12))
    with fetch.serving_apart(partial(fetch.museum, 12), faults=0.3, seed=1) as server:
        fetch.run_fetch(tmp_path, server.url, records, impatient=True)
        log = server.log()
    assert any(request.fault for request in log)
    assert len(log) > len(records)
    assert fetch.judge(tmp_path, records) == {"obtained": 1, "spoilt": 0}


@pytest.mark.parametrize("path", sorted(RESULTS.glob("models_*.json")), ids=lambda path: path.stem)
def test_every_painting_is_predicted_once_on_five_folds_of_the_museum(path: Path) -> None:
    result = read_json(path)
    together, folds = result["together"], result["folds"]
    assert [each["fold"] for each in folds] == [0, 1, 2, 3, 4]
    assert result["source"].startswith("museum folder")
    assert sum(each["evaluate"]["n_test"] for each in folds) == together["n_test"] == folds[0]["clean"]["paintings"]
    right = sum(each["evaluate"]["accuracy"] * each["evaluate"]["n_test"] for each in folds)
    assert together["accuracy"] == pytest.approx(right / together["n_test"])
    assert together["accuracy"] > together["majority_accuracy"]
    assert max(each["seconds_preprocess_and_train"] for each in folds) < 600


def test_the_pretrained_network_is_calibrated() -> None:
    assert read_json(RESULTS / "models_fine_tuned.json")["together"]["calibration_error"] <= 0.05
