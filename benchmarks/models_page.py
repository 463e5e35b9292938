"""Write docs/models.md, the table of models, from benchmarks/results/: `python benchmarks/models_page.py`."""

import statistics
from typing import Any

from measure import RESULTS, ROOT

from met_culture.common.files import read_json

PAGE = ROOT / "docs/models.md"
BEST = "fine_tuned"
PRESETS = ("article_50", "article_100", "frozen", "fine_tuned_small", "fine_tuned", "fine_tuned_small+fine_tuned")
LABELS = ("China", "Japan", "America", "India")
Result = dict[str, Any]


def prose(text: str) -> str:
    """Return a paragraph of a source file as one line."""
    return " ".join(text.split())


def ranged(figures: Result, name: str) -> str:
    """Return a figure with its interval."""
    low, high = figures["interval_95"][name]
    return f"{figures[name]:.3f} ({low:.3f} to {high:.3f})"


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a table of Markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *rows])


def per_label(figures: Result) -> str:
    """Return the F1 of every label."""
    return ", ".join(f"{figures['labels'][label]['f1']:.2f}" for label in LABELS)


def median(folds: list[Result], *keys: str) -> float:
    """Return the median of a figure over the folds."""
    values = []
    for each in folds:
        value: Any = each
        for key in keys:
            value = value[key]
        values.append(value)
    return statistics.median(values)


def preset_row(name: str, result: Result) -> list[str]:
    """Return one preset's row."""
    figures, folds = result["together"], result["folds"]
    covered = ", ".join(f"{each:.3f}" for each in figures["selective_accuracy"].values())
    row = [f"`{name}`", ranged(figures, "accuracy"), f"{figures['balanced_accuracy']:.3f}", ranged(figures, "macro_f1")]
    row += [per_label(figures), f"{figures['calibration_error']:.3f}", covered]
    if not folds:
        return [*row, "", "", "", ""]
    before = median(folds, "evaluate", "calibration_error_before")
    after = median(folds, "evaluate", "calibration_error")
    masked = sum(each["evaluate"]["accuracy_without_border"] * each["evaluate"]["n_test"] for each in folds)
    masked /= sum(each["evaluate"]["n_test"] for each in folds)
    seconds = median(folds, "seconds_preprocess") + median(folds, "seconds_train")
    row += [f"{before:.3f}, {after:.3f}", f"{masked:.3f}", f"{seconds:.0f}"]
    return [*row, f"{median(folds, 'peak_mb_train'):,.0f}"]


def short_row(name: str, result: Result) -> str:
    """Return one preset's row in the README's table."""
    figures, folds = result["together"], result["folds"]
    minutes = (median(folds, "seconds_preprocess") + median(folds, "seconds_train")) / 60 if folds else None
    cells = [f"`{name}`", ranged(figures, "accuracy"), f"{figures['macro_f1']:.3f}", per_label(figures)]
    cells += [f"{figures['calibration_error']:.3f}", f"{figures['selective_accuracy']['0.8']:.3f}"]
    return f"| {' | '.join(cells)} | {f'{minutes:.1f}' if minutes else 'both'} |"


def article_text(seeds: Result, protocol: Result) -> str:
    """Return why the article's figure is not met, from the runs of its network with seeds and by its protocol."""
    ours, its = (each["summary"]["50"]["val_accuracy_last_10"] for each in (seeds, protocol))
    runs, accuracy = seeds["experiments"], ours["mean"]
    train, val = (round(sum(each["train"][name] for each in runs) / len(runs)) for name in ("n_train", "n_val"))
    error = (accuracy * (1 - accuracy) / val) ** 0.5
    return prose(f"""
        The article says "near 80 %", an earlier re-implementation measured 0.81 on one split of 589 paintings. Here are
        {runs[0]["clean"]["paintings"]}, about {train} for training, as others are held out to judge later models: the
        network reaches {accuracy:.2f} ({ours["min"]:.2f} to {ours["max"]:.2f}) over three seeds after 50 epochs, and by
        that one's protocol (80 to 20, no shift) {its["mean"]:.2f} ({its["min"]:.2f} to {its["max"]:.2f}). So it is the
        number of paintings or the luck of one split: with {val} validation images the standard error of an accuracy is
        {error:.2f}. `python benchmarks/article.py museum MUSEUM_FOLDER` makes it again.
    """)


def seeds_text(results: list[Result]) -> str:
    """Return what several seeds say of the best preset, and how it was chosen."""
    chosen = prose(f"""
        The length, rate and dropout of `{BEST}` were chosen among five settings on the folds of the first seed, by
        these very test images, so that its row flatters.
    """)
    if len(results) == 1:
        return chosen
    spread = []
    for key, text in (("accuracy", "accuracy"), ("macro_f1", "macro-F1"), ("calibration_error", "calibration error")):
        values = [each["together"][key] for each in results]
        spread.append(f"{text} {sum(values) / len(values):.3f} ({min(values):.3f} to {max(values):.3f})")
    values = [each["together"]["selective_accuracy"]["0.8"] for each in results]
    low, high = min(values), max(values)
    spread.append(f"accuracy at 80 % coverage {sum(values) / len(values):.3f} ({low:.3f} to {high:.3f})")
    return (
        f"{chosen} Over {len(results)} seeds, each with folds of its own, means and in brackets smallest and largest: "
        f"{', '.join(spread)}."
    )


def reached_text(result: Result) -> str:
    """Return how long the article's network and the frozen one take to the article's validation accuracy."""
    folds, reached = result["folds"], result["reached"]
    article, frozen = ([each[name] for each in folds] for name in ("article_100", "frozen"))

    def epochs(runs: list[Result]) -> str:
        there = (each["val_accuracy"] >= reached for each in runs)
        return ", ".join(f"{'' if ok else 'not in '}{each['epochs']}" for ok, each in zip(there, runs, strict=True))

    return prose(f"""
        In one run, started in a process that ran already, the article's network was first at a validation accuracy of
        {reached} after {epochs(article)} epochs in the five folds, {median(article, "seconds"):.0f} seconds at their
        median. `frozen` was first there after {epochs(frozen)} epochs of its last layer, with the features of all
        images {median(frozen, "seconds"):.1f} seconds: the median of the ratios is {result["median_ratio"]:.2f}.
    """)


def page(results: dict[str, Result], seeds: list[Result], article: str, probes: Result, reached: Result) -> str:
    """Return the text of the page."""
    counts = next(iter(results.values()))["folds"][0]["clean"]
    header = [
        "preset", "accuracy (95 %)", "balanced accuracy", "macro-F1 (95 %)", "F1 of China, Japan, America, India",
        "calibration error", "accuracy at 80 %, 90 % coverage", "calibration error of a fold before, after temperature",
        "accuracy, border masked", "seconds", "memory, MB",
    ]  # fmt: skip
    rows = [preset_row(name, result) for name, result in results.items()]
    probe_rows = [
        [name, ranged(each, "accuracy"), f"{each['balanced_accuracy']:.3f}", ranged(each, "macro_f1"), per_label(each)]
        for name, each in probes["probes"].items()
    ]
    curve = [
        [f"{each['n_train']:.0f}", ranged(each, "accuracy"), ranged(each, "macro_f1")]
        for each in probes["learning_curve"]
    ]
    india = counts["labels"]["India"]["paintings"]
    parts = [
        "# Models: what reaches how far, and what it learned",
        f"Grouped and stratified five-fold cross-validation on {counts['paintings']} real paintings of the museum: "
        "every painting is predicted once, by a model that never saw it, its copies, or leaves of its album. Intervals "
        "are bootstraps over groups, and hold the choice of paintings, not of seeds. All of it is written by "
        "`benchmarks/models_page.py` from `benchmarks/results/`, which name commit and machine.",
        f"**India has {india} paintings: its F1 is an anecdote, and it is a quarter of every macro-F1 and balanced "
        "accuracy.**",
        "## Presets\n\nEach is a file of `experiments/`, run as it stands. The validation part of a fold chooses the "
        "epoch or fits the temperature. The last row is the mean of two models. Seconds and memory are medians over "
        "the folds, of preprocess and train with the start of both, on two cores that other work shared.",
        table(header, rows),
        seeds_text(seeds),
        reached_text(reached),
        article,
        "## Probes: what is painting, what is photograph\n\nA logistic regression on one description of the paintings, "
        'trained on everything but the test fold. "Last" are the means of a network\'s last channels; without the '
        "word, means and deviations of every stage. Images are squashed to the size that is named.",
        table(["description", "accuracy (95 %)", "balanced accuracy", "macro-F1 (95 %)", "F1 of the four"], probe_rows),
        '## More data\n\nThe probe "Lite2, 320" on a part of the groups that are left for training:',
        table(["paintings to train on", "accuracy (95 %)", "macro-F1 (95 %)"], curve),
        growth_text(probes["learning_curve"]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def growth_text(curve: list[Result]) -> str:
    """Return what the last doubling of the training paintings gave."""
    whole = curve[-1]
    half = min(curve, key=lambda each: abs(each["n_train"] - whole["n_train"] / 2))
    gain, left = whole["accuracy"] - half["accuracy"], 1 - whole["accuracy"]
    return (
        f"The last doubling, from {half['n_train']:.0f} to {whole['n_train']:.0f} paintings, raised the accuracy by "
        f"{gain:.3f}; {left:.3f} of the paintings are still wrong. If every doubling gave as much, "
        f"0.93 would take {2 ** max(0, (0.93 - whole['accuracy']) / max(gain, 1e-9)):.1f} times as many."
    )


def text() -> str:
    """Return the page of the results as they lie there."""
    results = {name: read_json(RESULTS / f"models_{name}.json") for name in PRESETS}
    seeds = [read_json(path) for path in sorted(RESULTS.glob(f"models_{BEST}_seed_*.json"))]
    article = article_text(*(read_json(RESULTS / f"article_{name}.json") for name in ("museum", "museum_80_20")))
    return page(
        results,
        [results[BEST], *seeds],
        article,
        *(read_json(RESULTS / f"{name}.json") for name in ("probes", "time_to_accuracy")),
    )


def main() -> None:
    """Write the page."""
    PAGE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
