"""The committed results of the benchmarks hold what the project promises, and trials run; nothing is timed here."""

import json
import re
import statistics
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import article_page
import fetch
import learning_curve
import models
import models_page
import numpy as np
import pandas as pd
import probes
import pytest
import scaling_page
import style
import style_judge
import style_settings
from support import ROOT

from met_culture.clean.params import CleanParams
from met_culture.common.config import load
from met_culture.common.files import read_json
from met_culture.verify.committed import TOLERANCE

RESULTS = ROOT / "benchmarks" / "results"


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*.json")), ids=lambda path: path.stem)
def test_each_names_its_machine_and_its_commit(path: Path) -> None:
    result = read_json(path)
    assert {"processor", "cores", "python", "tensorflow", "keras"} <= set(result["machine"])
    assert re.fullmatch("[0-9a-f]{12}", result["commit"]), "measured with code that was not committed"


def test_the_article_ran_with_its_parameters_on_one_state_of_the_data() -> None:
    experiments = read_json(RESULTS / "article_sample.json")["experiments"]
    assert [(each["epochs"], each["seed"]) for each in experiments] == [(50, seed) for seed in (0, 1, 2)]
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


def test_preprocess_is_faster_than_the_articles_loop_and_near_what_decoding_allows() -> None:
    result = read_json(RESULTS / "preprocess.json")
    assert result["source"] == "museum"
    assert result["ratio_to_article"]["preprocess"] >= 1.5  # wanted: 2.5; docs/scaling.md says why
    assert result["ratio_to_decoding_limit"]["preprocess"] >= 0.7  # wanted: 0.8; docs/scaling.md says why


def test_training_is_faster_than_imagedatagenerator_and_near_what_the_network_allows() -> None:
    result = read_json(RESULTS / "train.json")
    assert result["ratio_to_ImageDataGenerator"]["batches"] >= 1.1
    assert result["ratio_to_ceiling"]["batches"] >= 0.95
    assert result["ratio_to_arithmetic_limit"]["batches"] < 1


@pytest.mark.parametrize(
    ("stage", "limit_mb"),
    # What holds the table grows with it; all validation images would be 1,300 MB.
    [("fetch", 100), ("clean", 700), ("explore", 900), ("preprocess", 400), ("train", 300), ("evaluate", 150)],
)
def test_memory_and_time_stay_within_their_limits_at_130_000_paintings(stage: str, limit_mb: int) -> None:
    figures = committed("scale")["stages"][stage]
    assert figures["130000"]["mb_beyond_start"] <= limit_mb
    assert stage != "clean" or figures["130000"]["peak_mb"] <= 1000
    start, some, many = (figures[size]["cpu_s"] for size in ("100", "10000", "130000"))
    assert (many - start) / 129_900 <= 1.5 * (some - start) / 9_900


def test_two_processes_train_faster_than_one() -> None:
    result = committed("several")
    assert 1.5 <= result["speed_up"] <= 2
    assert len(result["speed_ups"]) == result["rounds"] >= 3


def test_dvc_finds_nothing_to_do_among_130_000_files_in_seconds() -> None:
    files = committed("dvc_scale")["files"]["130000"]
    assert max(files["status"], files["repro"]) < 30
    assert max(files["add"], files["push"], files["checkout"]) < 300


def test_the_page_of_scaling_is_that_of_the_results() -> None:
    assert scaling_page.PAGE.read_text(encoding="utf-8") == scaling_page.text()


def test_the_page_of_the_article_is_that_of_the_results() -> None:
    assert article_page.PAGE.read_text(encoding="utf-8") == article_page.text()


def test_the_page_of_the_article_shows_what_is_measured_and_says_what_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in article_page.OTHERS:
        (tmp_path / f"{name}.json").write_text((RESULTS / f"{name}.json").read_text())
    monkeypatch.setattr(article_page, "RESULTS", tmp_path)
    rows = article_page.read_rows().values()
    assert article_page.text().count("|  | not measured yet | not measured yet | not measured yet |") == len(rows)
    test = {"accuracy": 0.75, "macro_f1": 0.25}
    run = {"clean": {"paintings": 9}, "train": {"weights": 1, "val_accuracy_last_10": 0.5}, "evaluate": test}
    for row in rows:
        params = {"train": {"optimizer": "adam", "epochs": row.epochs}}
        result = {"params": params, "folds": [run, run], "together": test}
        if row.result.startswith("article"):
            runs = [
                run | {"params": {"train": {"optimizer": "adam", "epochs": epochs}}} for epochs in (50, 50, 100, 100)
            ]
            result = {"experiments": runs}
        (tmp_path / f"{row.result}.json").write_text(json.dumps(result))
    folds = {"val_accuracy_last_10": [0.5, 0.5], "together": test}
    guess = {"folds": {"article_50": folds, "article_100": folds}}
    (tmp_path / f"{article_page.GUESS}.json").write_text(json.dumps(guess))
    end = {"accuracy": 0.87, "interval_95": [0.82, 0.91], "probability_of_0.8": 0.97}
    curve = {"epochs": 50, "n_article": 2593, "extrapolated": {"error falls to zero": end}}
    curve["curve"] = [{"n_train": 40, "accuracy": 0.6, "interval_95": [0.5, 0.7]}]
    (tmp_path / "learning_curve.json").write_text(json.dumps(curve))
    text = article_page.text()
    assert "not measured" not in text
    assert text.count("| 2 | 0.500 (0.500 to 0.500) | 0.750") == len(rows)
    shown = ("| 40 | 0.600 (0.500 to 0.700) |", "| 0.870 (0.820 to 0.910) |", "97 % of", "+0.000", "is believable")
    assert [words for words in shown if words not in text] == []


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


@pytest.mark.slow
def test_a_small_trial_of_the_stages_runs_all_of_them(tmp_path: Path) -> None:
    stages = trial(tmp_path, "scale", "--sizes", 48, "--start", 40)["stages"]
    assert list(stages) == ["fetch", "clean", "explore", "preprocess", "train", "evaluate"]
    assert all(set(figures) == {"40", "48"} and figures["48"]["peak_mb"] > 50 for figures in stages.values())


@pytest.mark.slow
def test_a_small_trial_of_dvc_restores_files_and_shards(tmp_path: Path) -> None:
    result = trial(tmp_path, "dvc_scale", "--sizes", 5)
    for form in ("files", "shards"):
        assert {"add", "status", "repro", "push", "checkout"} <= set(result[form]["5"])


def test_a_small_trial_of_the_faults_obtains_everything(tmp_path: Path) -> None:
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
    assert result["source"].startswith("museum folder")
    assert together["accuracy"] > together["majority_accuracy"]
    if "+" in path.stem:  # the mean of two others
        return
    assert [each["fold"] for each in folds] == [0, 1, 2, 3, 4]
    (seed,) = {each["seed"] for each in folds}
    params = result["params"]
    assert (params["clean"]["seed"], params["train"]["seed"], params["clean"]["folds"]) == (11 + seed, seed, 5)
    assert sum(each["evaluate"]["n_test"] for each in folds) == together["n_test"] == folds[0]["clean"]["paintings"]
    right = sum(each["evaluate"]["accuracy"] * each["evaluate"]["n_test"] for each in folds)
    assert together["accuracy"] == pytest.approx(right / together["n_test"])
    # Ten minutes on two cores, which is promised of all but the article's network.
    longest = max(each["seconds_preprocess"] + each["seconds_train"] for each in folds)
    assert longest < 600 or result["params"]["train"]["model"] == "cnn"


def test_the_best_is_calibrated_and_knows_when_it_is_right() -> None:
    results = [result["together"] for result in models_page.of_seeds("style")]
    assert len(results) == 5
    assert statistics.mean(result["accuracy"] for result in results) >= 0.93  # wanted: 0.935
    assert statistics.mean(result["macro_f1"] for result in results) >= 0.85  # wanted: 0.86
    assert statistics.mean(result["calibration_error"] for result in results) <= 0.04
    assert statistics.mean(result["selective_accuracy"]["0.8"] for result in results) >= 0.975


def test_a_preset_that_was_removed_is_worse_in_every_column() -> None:
    removed, best = committed("models_fine_tuned"), committed("models_style")
    for metric in ("accuracy", "balanced_accuracy", "macro_f1"):
        assert removed["together"][metric] < best["together"][metric]
    assert removed["together"]["calibration_error"] > best["together"]["calibration_error"]


@pytest.mark.skipif(not (RESULTS / "time_to_accuracy.json").exists(), reason="not measured with the article's network")
def test_a_last_layer_reaches_the_articles_accuracy_sooner() -> None:
    result = committed("time_to_accuracy")
    assert result["reached"] == 0.8
    for preset, ratio in (("frozen", 0.5), ("style", 0.1)):
        assert all(each[preset]["val_accuracy"] >= 0.8 for each in result["folds"])
        assert result["median_ratio"][preset] <= ratio


def test_prediction_is_fast_enough_for_a_folder() -> None:
    result = committed("inference")
    assert result["images_per_second"]["command_from_files"] >= 50
    assert result["ratio_to_keras_predict_one_by_one"]["command_from_files"] >= 2
    assert result["first_line_to_import_of_keras"] < 2  # the command adds less than what it cannot do without


def test_the_page_of_models_is_that_of_the_results() -> None:
    assert models_page.PAGE.read_text(encoding="utf-8") == models_page.text()


def test_the_probes_cover_all_paintings_and_grow_with_them() -> None:
    result = committed("probes")
    counts = {each["n_test"] for each in [*result["probes"].values(), *result["learning_curve"]]}
    assert len(counts) == 1
    trained = [each["n_train"] for each in result["learning_curve"]]
    assert trained == sorted(trained)
    assert result["learning_curve"][-1]["accuracy"] == result["probes"]["Lite2, 320"]["accuracy"]


def test_a_probe_learns_what_can_be_learned_and_nothing_of_the_test_fold() -> None:
    rng = np.random.default_rng(0)
    label = np.repeat(["a", "b"], 50)
    paintings = pd.DataFrame({"objectID": range(100), "group": range(100), "label": label})
    splits = [np.where(np.arange(100) % 5 == number, "test", "train") for number in range(5)]
    evaluated = {"calibration_bins": 10, "bootstrap_samples": 100, "seed": 0}
    settings = {"labels": ["a", "b"], "evaluate": evaluated}
    telling = rng.normal(size=(100, 3)) + 4 * (label == "a")[:, None]
    noise = rng.normal(size=(100, 200))
    scores = [
        probes.judged(paintings, {"train": x, "test": x}, splits, settings, probes.probe()) for x in (telling, noise)
    ]
    assert scores[0]["accuracy"] > 0.95
    assert scores[1]["accuracy"] < 0.7
    assert scores[0]["n_train"] == 80
    half = probes.judged(paintings, {"train": telling, "test": telling}, splits, settings, probes.probe(), 0.5)
    assert half["n_train"] == 40


def test_a_setting_of_the_style_model_is_judged_by_paintings_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style_judge, "REPORT", (16,))
    monkeypatch.setattr(style_judge, "CHOOSE", (11,))
    rng = np.random.default_rng(0)
    label = np.repeat(["China", "Japan"], 30)
    paintings = pd.DataFrame({"objectID": range(60), "group": range(60), "label": label})
    clean = load("clean", CleanParams, ROOT / "params.yaml")
    clean = replace(clean, labels=clean.labels[:2])
    evaluated = {"calibration_bins": 10, "bootstrap_samples": 100, "seed": 0}
    judge = style_judge.Judge(paintings, ["China", "Japan"], clean, evaluated)
    telling = rng.normal(size=(60, 1, 4)) + 4 * (label == "China")[:, None, None]
    setting = style_settings.Setting((style_settings.reduced(telling),), views=(0,))
    noise = style_settings.Setting((style_settings.reduced(rng.normal(size=(60, 1, 100))),), views=(0,))
    reported, correct = judge.reported(setting, 0.5)
    assert reported["accuracy"] > 0.95
    assert judge.chosen_by(noise)["accuracy"] < 0.7
    assert correct.shape == (1, 60)
    assert reported["n_train"] == 24


def test_more_paintings_follow_the_power_law_of_the_error() -> None:
    sizes = np.array([50.0, 100, 200, 400])
    correct = np.repeat(1 - 2 / np.sqrt(sizes)[:, None], 30, axis=1)
    result = style.growth(sizes, correct, np.arange(30))
    assert result["10"]["accuracy"] == pytest.approx(1 - 2 / np.sqrt(4000))
    assert result["2"]["interval_95"] == pytest.approx([result["2"]["accuracy"]] * 2)


def test_a_rotation_keeps_the_products_of_scaled_features() -> None:
    first, second = (np.random.default_rng(seed).normal(size=(4, 2, 30)) for seed in (0, 1))
    rows = style_settings.reduced(first, second, weights=(0.7, 0.3)).reshape(8, 8)
    expected = np.zeros((8, 8))
    for values, weight in ((first, 0.7), (second, 0.3)):
        flat = values.reshape(8, 30)
        scaled = (flat - flat.mean(axis=0)) / flat.std(axis=0) / np.sqrt(30)
        expected += weight * scaled @ scaled.T
    assert np.allclose(rows @ rows.T, expected, atol=1e-8)


def test_even_edges_are_removed_and_a_painting_without_them_stays() -> None:
    image = np.zeros((60, 80, 3), np.uint8)
    image[10:50, 20:70] = np.random.default_rng(0).integers(0, 256, (40, 50, 3))
    assert np.array_equal(probes.trimmed(image), image[10:50, 20:70])
    assert np.array_equal(probes.trimmed(image[10:50, 20:70]), image[10:50, 20:70])
    assert probes.trimmed(np.zeros_like(image)).shape == image.shape


def test_two_presets_together_are_the_mean_of_their_probabilities() -> None:
    first = pd.DataFrame({"objectID": [2, 1], "group": [2, 1], "label": "b", "p_a": [0.9, 0.2], "p_b": [0.1, 0.8]})
    second = pd.DataFrame({"objectID": [1, 2], "group": [1, 2], "label": "b", "p_a": [0.4, 0.0], "p_b": [0.6, 1.0]})
    both = models.mean(first, second, ["a", "b"])
    assert both["objectID"].tolist() == [1, 2]
    assert both["p_a"].tolist() == pytest.approx([0.3, 0.45])
    assert both["predicted"].tolist() == ["b", "b"]


def test_the_parts_of_the_learning_curve_are_nested_and_leave_the_test_fold_alone() -> None:
    rows = pd.DataFrame({"group": np.arange(100) // 2, "split": ["test"] * 20 + ["train"] * 60 + ["val"] * 20})
    small, large = learning_curve.training_rows(rows, [10, 80], 0).values()
    assert set(small) < set(large) == set(range(20, 100))
    assert not np.array_equal(small, learning_curve.training_rows(rows, [10], 1)[10])


def test_the_extrapolation_of_a_power_law_is_that_law() -> None:
    sizes = np.array(learning_curve.SIZES)
    for end, remainder in (("to zero", 0), ("to a remainder", 0.1)):
        error = learning_curve.power_law(sizes, 0.4, 0.5, remainder)
        expected = 1 - learning_curve.power_law(learning_curve.ARTICLE, 0.4, 0.5, remainder)
        assert learning_curve.extrapolate(sizes, error, end) == pytest.approx(expected, abs=0.005)
    table = pd.DataFrame(np.tile(error, (50, 1)), columns=learning_curve.SIZES).assign(group=np.arange(50))
    assert np.allclose(learning_curve.bootstrap(table, list(sizes)), error)
