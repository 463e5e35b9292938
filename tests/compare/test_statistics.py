from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from met_culture.compare import statistics
from met_culture.compare.significance import verdict
from met_culture.compare.statistics import Outcome
from met_culture.evaluate.metrics import HEADLINE, headline

LABELS = ["a", "b", "c"]
ACCURACY, MACRO_F1 = HEADLINE.index("accuracy"), HEADLINE.index("macro_f1")


def run(correct: Sequence[bool], *, split: int = 0, seed: int = 0, group: int = 1, first: int = 0) -> Outcome:
    """Return a run whose images are right or wrong as given, so many images a group, ids from `first`."""
    ids = np.arange(first, first + len(correct))
    true = np.array(LABELS)[ids % 3]
    wrong = np.array(LABELS)[(ids + 1) % 3]
    table = pd.DataFrame({"objectID": ids, "group": [f"g{i // group}" for i in ids], "label": true})
    table["predicted"] = np.where(correct, true, wrong)
    return Outcome((split, seed), table.assign(**{f"p_{label}": 0.0 for label in LABELS}))


def drawn(rng: np.random.Generator, accuracy: float, **where: int) -> Outcome:
    return run(rng.random(60) < accuracy, **where)


def test_the_mean_is_that_of_the_runs_and_inside_its_interval() -> None:
    rng = np.random.default_rng(0)
    runs = [drawn(rng, 0.7, seed=seed) for seed in range(3)]
    for index, name in enumerate(HEADLINE):
        mine = [
            headline(r.predictions["label"].to_numpy(), r.predictions["predicted"].to_numpy(), LABELS) for r in runs
        ]
        estimate = statistics.mean(runs, index)
        assert estimate.value == pytest.approx(np.mean([metrics[name] for metrics in mine]))
        assert estimate.low < estimate.value < estimate.high


def test_the_interval_of_one_run_is_as_wide_as_the_binomial_says() -> None:
    estimate = statistics.mean([run([True] * 75 + [False] * 25)], ACCURACY)
    half = 1.96 * (0.75 * 0.25 / 100) ** 0.5
    assert (estimate.low, estimate.high) == pytest.approx((0.75 - half, 0.75 + half), abs=0.012)


def test_copies_of_a_picture_do_not_make_it_narrower() -> None:
    once = statistics.mean([run([True, True, True, False] * 15)], ACCURACY)
    copied = statistics.mean([run(np.repeat([True, True, True, False] * 15, 4).tolist(), group=4)], ACCURACY)
    assert copied.high - copied.low == pytest.approx(once.high - once.low, rel=0.1)


def test_seeds_that_differ_make_it_wider() -> None:
    alike = [run([True, False] * 30, seed=seed) for seed in range(3)]
    different = [run([True] * n + [False] * (60 - n), seed=seed) for seed, n in enumerate((10, 30, 50))]
    estimates = [statistics.mean(runs, ACCURACY) for runs in (alike, different)]
    widths = [estimate.high - estimate.low for estimate in estimates]
    assert widths[1] > 1.5 * widths[0]


def test_a_real_difference_is_found_with_its_sign() -> None:
    rng = np.random.default_rng(1)
    good = [drawn(rng, 0.9, seed=seed) for seed in range(3)]
    bad = [drawn(rng, 0.5, seed=seed) for seed in range(3)]
    for metric in (ACCURACY, MACRO_F1):
        up, down = statistics.difference(good, bad, metric), statistics.difference(bad, good, metric)
        assert verdict(up) == "better"
        assert verdict(down) == "worse"
        assert up.low > 0 > down.high
        assert up.value == pytest.approx(-down.value)
        assert (up.runs, up.images) == (3, 60)


def test_pairing_finds_what_unpaired_intervals_hide() -> None:
    base = [True, False] * 30
    better = [*base[:-24], *[True] * 24]  # twelve more of sixty are right, and none is lost
    sides = [[run(correct, seed=seed) for seed in range(3)] for correct in (better, base)]
    assert verdict(statistics.difference(*sides, ACCURACY)) == "better"
    assert statistics.mean(sides[0], ACCURACY).low < statistics.mean(sides[1], ACCURACY).high


def test_the_same_predictions_are_no_difference() -> None:
    estimate = statistics.difference([run([True, False] * 20)], [run([True, False] * 20)], ACCURACY)
    assert (estimate.value, estimate.low, estimate.high, estimate.p) == (0, 0, 0, 1)


@pytest.mark.parametrize("seeds", [1, 2])
def test_few_seeds_are_no_evidence_however_large_the_difference(seeds: int) -> None:
    sides = [[run([correct] * 300, seed=seed) for seed in range(seeds)] for correct in (True, False)]
    estimate = statistics.difference(*sides, ACCURACY)
    assert estimate.value == 1
    assert verdict(estimate) == "too few seeds"


# Seeds differ, and some images are harder than others for every run; many images must not make a difference of that.
@pytest.mark.parametrize(
    ("images", "seeds", "aligned"), [(60, 3, True), (800, 3, True), (800, 5, True), (800, 3, False)]
)
def test_chance_is_rarely_taken_for_a_difference(
    images: int, seeds: int, aligned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "SAMPLES", 200)
    rng = np.random.default_rng(2)
    trials, differences = 100, 0
    for _ in range(trials):
        easy = rng.beta(3, 1, images)
        sides = [
            [
                run(rng.random(images) < easy + rng.normal(0, 0.03), seed=seed + (0 if aligned else 10 * side))
                for seed in range(seeds)
            ]
            for side in range(2)
        ]
        differences += verdict(statistics.difference(*sides, ACCURACY)) != "no difference shown"
    assert differences / trials <= 0.08


def test_runs_are_compared_within_their_split_and_only_on_common_images() -> None:
    # On split 0 both are right; the base alone has split 1, where it is wrong.
    mine, base = [run([True] * 30)], [run([True] * 30), run([False] * 30, split=1, first=100)]
    assert statistics.difference(mine, base, ACCURACY).value == 0
    # Of 40 images 30 are common, and all of these are right in both.
    estimate = statistics.difference(mine, [run([True] * 30 + [False] * 10)], ACCURACY)
    assert (estimate.value, estimate.images) == (0, 30)


def test_more_runs_on_an_easy_split_are_no_advantage() -> None:
    def easy(seed: int) -> Outcome:
        return run([True] * 30, split=0, seed=seed)

    def hard(seed: int) -> Outcome:
        return run([True, False] * 15, split=1, seed=seed, first=100)

    estimate = statistics.difference(
        [easy(0), easy(1), easy(2), hard(0)], [easy(0), hard(0), hard(1), hard(2)], ACCURACY
    )
    assert (estimate.value, estimate.runs) == (0, 2)


def test_a_split_without_common_images_does_not_count() -> None:
    mine = [run([True] * 30), run([True] * 30, split=1, first=100)]
    base = [run([False] * 30), run([True] * 30, split=1, first=200)]
    estimate = statistics.difference(mine, base, ACCURACY)
    assert (estimate.value, estimate.runs) == (1, 1)


@pytest.mark.parametrize("base", [run([True] * 9, split=5), run([True] * 9, first=50)])
def test_without_common_images_there_is_no_difference_to_speak_of(base: Outcome) -> None:
    assert statistics.difference([run([True] * 9)], [base], ACCURACY) is None


def test_other_labels_cannot_be_compared() -> None:
    other = run([True] * 9)
    other = Outcome((0, 0), other.predictions.rename(columns={"p_c": "p_d"}))
    assert statistics.difference([run([True] * 9)], [other], ACCURACY) is None


def test_other_seeds_are_compared_too_but_not_as_pairs() -> None:
    rng = np.random.default_rng(3)
    mine = [drawn(rng, 0.9, seed=seed) for seed in (0, 1, 2)]
    base = [drawn(rng, 0.4, seed=seed) for seed in (5, 6, 7)]
    estimate = statistics.difference(mine, base, ACCURACY)
    assert (verdict(estimate), estimate.runs) == ("better", 3)


def test_the_order_of_the_runs_does_not_matter() -> None:
    rng = np.random.default_rng(4)
    mine = [drawn(rng, 0.8, seed=seed) for seed in range(3)]
    base = [drawn(rng, 0.7, seed=seed) for seed in range(3)]
    assert statistics.difference(mine[::-1], base, ACCURACY) == statistics.difference(mine, base[::-1], ACCURACY)
