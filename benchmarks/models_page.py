"""Write docs/models.md, the table of models, from benchmarks/results/: `python benchmarks/models_page.py`."""

import statistics
from collections import Counter
from typing import Any

import style_page
from measure import RESULTS, ROOT

from met_culture.common.files import read_json

PAGE = ROOT / "docs/models.md"
BEST = "style"
PRESETS = ("article_50", "article_100", "frozen", "style")
ARTICLE = ("article_50", "article_100", "article_no_dropout")
OPTIONAL = (RESULTS / "time_to_accuracy.json", RESULTS / "style.json")  # whose part of the page may be missing
LABELS = ("China", "Japan", "America", "India")
Result = dict[str, Any]


def prose(text: str) -> str:
    """Return a paragraph of a source file as one line."""
    return " ".join(text.split())


def ranged(metrics: Result, name: str) -> str:
    """Return a metric with its interval."""
    low, high = metrics["interval_95"][name]
    return f"{metrics[name]:.3f} ({low:.3f} to {high:.3f})"


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a table of Markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *rows])


def per_label(metrics: Result) -> str:
    """Return the F1 of every label."""
    return ", ".join(f"{metrics['labels'][label]['f1']:.2f}" for label in LABELS)


def median(folds: list[Result], *keys: str) -> float:
    """Return the median of a value over the folds."""
    values = []
    for fold in folds:
        value: Any = fold
        for key in keys:
            value = value[key]
        values.append(value)
    return statistics.median(values)


def preset_row(name: str, result: Result) -> list[str]:
    """Return one preset's row."""
    metrics, folds = result["together"], result["folds"]
    covered = ", ".join(f"{each:.3f}" for each in metrics["selective_accuracy"].values())
    row = [f"`{name}`", ranged(metrics, "accuracy"), f"{metrics['balanced_accuracy']:.3f}", ranged(metrics, "macro_f1")]
    row += [per_label(metrics), f"{metrics['calibration_error']:.3f}", covered]
    if not folds:
        return [*row, "", "", "", ""]
    before = median(folds, "evaluate", "calibration_error_before")
    after = median(folds, "evaluate", "calibration_error")
    masked = sum(each["evaluate"]["accuracy_without_border"] * each["evaluate"]["n_test"] for each in folds)
    masked /= sum(each["evaluate"]["n_test"] for each in folds)
    seconds = median(folds, "seconds_preprocess") + median(folds, "seconds_train")
    row += [f"{before:.3f}, {after:.3f}", f"{masked:.3f}", f"{seconds:.0f}"]
    return [*row, f"{median(folds, 'peak_mb_train'):,.0f}"]


def ranged_over(values: list[float]) -> str:
    """Return the mean of a metric over seeds; with the smallest and the largest value if there are several."""
    ends = f" ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{ends}"


def of_seeds(preset: str) -> list[Result]:
    """Return the results of a preset for every seed, seed 0 first."""
    return [
        read_json(RESULTS / f"models_{preset}.json"),
        *map(read_json, sorted(RESULTS.glob(f"models_{preset}_seed_*.json"))),
    ]


def validation_accuracy(result: Result) -> float:
    """Return the validation accuracy, the mean of the last 10 epochs and of all folds."""
    return statistics.mean(fold["train"]["val_accuracy_last_10"] for fold in result["folds"])


def seed_row(preset: str) -> list[str]:
    """Return the row of a preset of the article's network."""
    results = of_seeds(preset)
    row = [f"`{preset}`", str(len(results)), ranged_over([validation_accuracy(result) for result in results])]
    for name in ("accuracy", "balanced_accuracy", "macro_f1"):
        row.append(ranged_over([result["together"][name] for result in results]))
    f1 = [statistics.mean(result["together"]["labels"][label]["f1"] for result in results) for label in LABELS]
    return [*row, ", ".join(f"{value:.2f}" for value in f1)]


def seed_table() -> str:
    """Return the table of the article's network over seeds, on real paintings."""
    header = [
        "preset", "seeds", "validation accuracy, mean of the last 10 epochs", "test accuracy",
        "test balanced accuracy", "test macro-F1", "F1 of China, Japan, America, India",
    ]  # fmt: skip
    measured = [preset for preset in ARTICLE if (RESULTS / f"models_{preset}.json").exists()]
    return table(header, [seed_row(preset) for preset in measured])


def seeds_text(results: list[Result]) -> str:
    """Return the results of the best preset over several seeds, and how it was chosen."""
    chosen = [fold["train"]["head"] for result in results for fold in result["folds"]]
    settings = Counter(f"{head['views']} views and c = {head['c']:.0f}" for head in chosen)
    counts = ", ".join(f"{setting} in {count}" for setting, count in settings.most_common())
    spread = []
    for key, text in (("accuracy", "accuracy"), ("macro_f1", "macro-F1"), ("calibration_error", "calibration error")):
        spread.append(f"{text} {ranged_over([result['together'][key] for result in results])}")
    covered = [result["together"]["selective_accuracy"]["0.8"] for result in results]
    spread.append(f"accuracy at 80 % coverage {ranged_over(covered)}")
    return prose(f"""
        `{BEST}` chooses the number of views and c inside each training fold, among {chosen[0]["tried"]} settings, by
        the log loss of groups that were left out; the test fold has no part in it. Over {len(results)} seeds, each with
        its own folds, the means (smallest to largest) are: {", ".join(spread)}. Chosen in the {len(chosen)}
        training folds: {counts}.
    """)


def fine_tuned_text(result: Result) -> str:
    """Return the results of the preset that fine-tuned a network, which was removed."""
    row = preset_row("fine_tuned", result)
    return prose(f"""
        A preset that fine-tuned EfficientNet-Lite2 was removed, because `{BEST}` is better in every column of seed
        0: its accuracy was {row[1]}, its macro-F1 {row[3]}, its accuracy with masked border {row[8]}, in
        {row[9]} seconds.
        `-S train.model=efficientnet_lite2 -S train.epochs=20` still fine-tunes.
    """)


def reached_text(result: Result) -> str:
    """Return how long the article's network and fitted last layers take to the article's validation accuracy."""
    folds, reached = result["folds"], result["reached"]
    article = [each["article_100"] for each in folds]
    epochs = ", ".join(f"{'' if run['val_accuracy'] >= reached else 'not in '}{run['epochs']}" for run in article)
    fitted = []
    for preset, ratio in result["median_ratio"].items():
        runs = [each[preset] for each in folds]
        lowest, seconds = min(run["val_accuracy"] for run in runs), median(runs, "seconds")
        fitted.append(f"`{preset}` {seconds:.1f} seconds (lowest accuracy {lowest:.2f}, median ratio {ratio:.2f})")
    return prose(f"""
        In one run in a process that was already running, the article's network first reached a validation accuracy of
        {reached} after {epochs} epochs in the five folds, in a median of {median(article, "seconds"):.0f} seconds. The
        features of all images, one view of each, and the fit of the last layer took {" and ".join(fitted)}.
    """)


def page(results: dict[str, Result], seeds: list[Result], probes: Result, reached: str, style: str) -> str:
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
        "# Models: results on real paintings",
        f"Grouped and stratified five-fold cross-validation on {counts['paintings']} real paintings of the museum: "
        "every painting is predicted once, by a model that never saw it, its copies, or leaves of its album. Intervals "
        "are bootstraps over groups: they cover the choice of paintings, not of seeds. `benchmarks/models_page.py` "
        "writes this page from `benchmarks/results/`, where every result names its commit and its machine.",
        f"**With {india} paintings, India's F1 is too noisy to interpret, and it is a quarter of every macro-F1 and "
        "balanced accuracy.**",
        "## Presets\n\nEach preset is a file of `experiments/`, run without changes. The validation part of a fold "
        "chooses the epoch or fits the temperature. Seconds and "
        "memory are medians over the folds, of preprocess and train with the start of both, on two cores that were "
        "also used by other work.",
        table(header, rows),
        seeds_text(seeds),
        fine_tuned_text(read_json(RESULTS / "models_fine_tuned.json")),
        reached,
        "## The article's network over seeds\n\nEach seed decides folds, weights and augmentation. Means over the "
        "seeds, with the smallest and the largest value in brackets. docs/article.md compares them with the article:",
        seed_table(),
        "## Probes: painting or photograph\n\nA probe is a logistic regression on one description of the paintings, "
        'trained on everything but the test fold. "Last" means the averages of the network\'s last channels; without '
        "this word, the averages and deviations of every stage. Images are squashed to the size that is named.",
        table(["description", "accuracy (95 %)", "balanced accuracy", "macro-F1 (95 %)", "F1 of the four"], probe_rows),
        '## More data\n\nThe probe "Lite2, 320", trained on a part of the training groups:',
        table(["paintings to train on", "accuracy (95 %)", "macro-F1 (95 %)"], curve),
        growth_text(probes["learning_curve"]),
        style,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def style_text(result: Result) -> str:
    """Return what the style model reads, what was tried on it, and what more paintings would give."""
    choose, report = (", ".join(str(seed) for seed in result["seeds"][name]) for name in ("choose", "report"))
    parts = [
        "## The style model: what it reads\n\nThe last layer of `style` in several settings, on the five folds of the "
        f"split seeds {report}. Means over the seeds, with the smallest and the largest value. C is 320 for a painting "
        "in all of them.",
        table(
            ["trained on", "accuracy", "macro-F1", "calibration error", "accuracy at 80 % coverage"],
            style_page.reported_rows(result),
        ),
        style_page.reading_text(result),
        "### Ideas\n\nEach idea changes one thing. Paintings that are left out inside the training parts of the folds "
        f"of the split seeds {choose} judge it, and a lower log loss than that of the first row above keeps it:",
        table(["idea", "log loss", "accuracy", "macro-F1"], style_page.tried_rows(result)),
        "### More paintings\n\nThe first row above, trained on a part of the training groups:",
        table(
            ["paintings to train on", "accuracy (95 %)", "macro-F1, range of the seeds"], style_page.curve_rows(result)
        ),
        style_page.growth_text(result),
    ]
    return "\n\n".join(parts)


def growth_text(curve: list[Result]) -> str:
    """Return the gain of the last doubling of the training paintings."""
    whole = curve[-1]
    half = min(curve, key=lambda each: abs(each["n_train"] - whole["n_train"] / 2))
    gain, left = whole["accuracy"] - half["accuracy"], 1 - whole["accuracy"]
    return (
        f"The last doubling, from {half['n_train']:.0f} to {whole['n_train']:.0f} paintings, raised the accuracy by "
        f"{gain:.3f}; {left:.3f} of the paintings are still wrong. If every doubling gained as much, "
        f"0.93 would take {2 ** max(0, (0.93 - whole['accuracy']) / max(gain, 1e-9)):.1f} times as many."
    )


def text() -> str:
    """Return the page of the results as they lie there."""
    results = {name: read_json(RESULTS / f"models_{name}.json") for name in PRESETS}
    reached, style = (read_json(path) if path.exists() else None for path in OPTIONAL)
    texts = reached_text(reached) if reached else "", style_text(style) if style else ""
    return page(results, of_seeds(BEST), read_json(RESULTS / "probes.json"), *texts)


def main() -> None:
    """Write the page."""
    PAGE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
