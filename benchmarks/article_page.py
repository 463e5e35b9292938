"""Write docs/article.md from article.md.jinja and benchmarks/results/: `python benchmarks/article_page.py`.

A result that is not there yet, or was measured with another optimizer than its row says, is shown as not measured. The
guess of before the article's code was found is no longer in the code; models_guess_50.json and models_guess_100.json
keep its results.
"""

from statistics import mean
from typing import Any, NamedTuple

from measure import RESULTS, ROOT
from pages import render

from met_culture.common.files import read_json

PAGE = ROOT / "docs/article.md"
OTHERS = ("fetch_cost", "preprocess", "train")
Run = dict[str, Any]


class Row(NamedTuple):
    """A row of the table of results.

    Attributes:
        setting: Network and split.
        epochs: Number of epochs.
        result: Name of the result; those of other seeds have `_seed_` and a number after it.
        optimizer: The optimizer that it must have been trained with.
    """

    setting: str
    epochs: int
    result: str
    optimizer: str = "adam"


ROWS = (
    Row("five grouped folds: the article's code", 50, "models_article_50"),
    Row("five grouped folds: the article's code", 100, "models_article_100"),
    Row("five grouped folds: the article's text, no dropout", 100, "models_article_no_dropout"),
    Row("five grouped folds: our guess before the code was found", 50, "models_guess_50", "rmsprop"),
    Row("five grouped folds: our guess before the code was found", 100, "models_guess_100", "rmsprop"),
    Row("grouped split, 70 % to train on: the article's code", 50, "article_museum"),
    Row("grouped split, 70 % to train on: the article's code", 100, "article_museum"),
    Row("the article's split, 70 % to train on: its code", 50, "article_museum_split"),
    Row("the article's split, 70 % to train on: its code", 100, "article_museum_split"),
)


def runs_of(row: Row) -> list[Run]:
    """Return all runs of a row, of every fold and seed; none if they are not measured."""
    runs = []
    for path in [RESULTS / f"{row.result}.json", *sorted(RESULTS.glob(f"{row.result}_seed_*.json"))]:
        result = read_json(path) if path.exists() else {}
        for run in [*result.get("folds", []), *result.get("experiments", [])]:
            params = run.get("params") or result["params"]
            settings = params["train"]["optimizer"], params["train"]["epochs"]
            if settings == (row.optimizer, row.epochs):
                runs.append(run)
    return runs


def ranged(runs: list[Run], part: str, metric: str) -> str:
    """Return the mean of a metric over runs, with the smallest and the largest value."""
    values = [run[part][metric] for run in runs]
    if not values:
        return "not measured yet"
    return f"{mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def difference(first: list[Run], second: list[Run], part: str, metric: str) -> str:
    """Return by how much the mean of the first runs is above that of the second, with its sign."""
    means = [mean(run[part][metric] for run in runs) for runs in (first, second)]
    return f"{means[0] - means[1]:+.3f}"


def text() -> str:
    """Return the page of the results as they lie there.

    Raises:
        UndefinedError: The template names a value that no result has.
    """
    runs = {(row.result, row.epochs): runs_of(row) for row in ROWS}
    names = [*OTHERS, *(path.stem for path in RESULTS.glob("learning_curve.json"))]
    results = {name: read_json(RESULTS / f"{name}.json") for name in names}
    values = {"rows": ROWS, "runs": runs, "ranged": ranged, "difference": difference}
    return render("article.md.jinja", results | values)


def main() -> None:
    """Write the page."""
    PAGE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
