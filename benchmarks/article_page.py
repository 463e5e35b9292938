"""Write docs/article.md from article.md.jinja and benchmarks/results/: `python benchmarks/article_page.py`.

A result that is not there yet, or was not measured with the optimizer of the article's code, is shown as not measured.
"""

from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

from measure import RESULTS, ROOT
from pages import render

from met_culture.common.files import read_json

PAGE = ROOT / "docs/article.md"
OTHERS = ("fetch_cost", "preprocess", "train")
OPTIMIZER = "adam"
GUESS = "article_guess"  # the network that stood for the article's before its code was found
METRICS = ("val_accuracy_last_10", "accuracy", "macro_f1")
FOLDS, SPLIT = "five grouped folds", "one split, 70 % to train on"


@dataclass
class Row:
    """A row of the table of results, with the values of all its runs.

    Attributes:
        setting: Network and split.
        epochs: Number of epochs.
        result: Name of the result; those of other seeds have `_seed_` and a number after it.
        values: Every metric of `METRICS` by name. Folds have one test value for all their predictions together.
        facts: `clean` and `train` of one run; empty without any.
    """

    setting: str
    epochs: int
    result: str
    values: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in METRICS})
    facts: dict[str, Any] = field(default_factory=dict)

    def read(self) -> None:
        """Add the values of all results that are there."""
        if self.result == GUESS:
            self._read_guess(RESULTS / f"{GUESS}.json")
            return
        for path in [RESULTS / f"{self.result}.json", *sorted(RESULTS.glob(f"{self.result}_seed_*.json"))]:
            result = read_json(path) if path.exists() else {}
            if "folds" in result and self._fits(result["params"]):
                self._add_folds([fold["train"][METRICS[0]] for fold in result["folds"]], result["together"])
                self.facts = result["folds"][0]
            for run in result.get("experiments", []):
                if self._fits(run["params"]):
                    self._add(run["train"] | run["evaluate"])
                    self.facts = run

    def _fits(self, params: dict[str, Any]) -> bool:
        return (params["train"]["optimizer"], params["train"]["epochs"]) == (OPTIMIZER, self.epochs)

    def _read_guess(self, path: Path) -> None:
        if path.exists():
            folds = read_json(path)["folds"][f"article_{self.epochs}"]
            self._add_folds(folds[METRICS[0]], folds["together"])

    def _add_folds(self, validation: list[float], together: dict[str, Any]) -> None:
        self.values[METRICS[0]] += validation
        for name in METRICS[1:]:
            self.values[name].append(together[name])

    def _add(self, metrics: dict[str, Any]) -> None:
        for name in METRICS:
            self.values[name].append(metrics[name])

    def ranged(self, metric: str) -> str:
        """Return the mean of a metric; with the smallest and the largest value if there are several."""
        values = self.values[metric]
        if not values:
            return "not measured yet"
        ends = f" ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else ""
        return f"{mean(values):.3f}{ends}"

    def minus(self, other: "Row", metric: str) -> str:
        """Return by how much the mean of a metric is above that of another row, with its sign."""
        return f"{mean(self.values[metric]) - mean(other.values[metric]):+.3f}"


def read_rows() -> dict[str, Row]:
    """Return all rows, in their order, by the name that the template uses."""
    rows = {
        "article_50": Row(f"{FOLDS}: the article's code", 50, "models_article_50"),
        "article": Row(f"{FOLDS}: the article's code", 100, "models_article_100"),
        "no_dropout": Row(f"{FOLDS}: the article's text, no dropout", 100, "models_article_no_dropout"),
        "guess_50": Row(f"{FOLDS}: our guess before the code was found", 50, GUESS),
        "guess": Row(f"{FOLDS}: our guess before the code was found", 100, GUESS),
        "shuffled_50": Row(f"{SPLIT}, shuffled as in the article's code", 50, "article_museum_split"),
        "shuffled": Row(f"{SPLIT}, shuffled as in the article's code", 100, "article_museum_split"),
        "grouped_50": Row(f"{SPLIT}, grouped as ours", 50, "article_museum_grouped"),
        "grouped": Row(f"{SPLIT}, grouped as ours", 100, "article_museum_grouped"),
    }
    for row in rows.values():
        row.read()
    return rows


def text() -> str:
    """Return the page of the results as they lie there.

    Raises:
        UndefinedError: The template names a value that no result has.
    """
    names = [*OTHERS, *(path.stem for path in RESULTS.glob("learning_curve.json"))]
    results = {name: read_json(RESULTS / f"{name}.json") for name in names}
    return render("article.md.jinja", results | {"rows": read_rows()})


def main() -> None:
    """Write the page."""
    PAGE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
