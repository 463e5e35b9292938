"""Collect the content of the report from the outputs of a run: plots, worst errors, comparison, cards."""

from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import UndefinedError
from markdown_it import MarkdownIt
from PIL import Image

from met_culture.cards.render import current_cards
from met_culture.common.errors import UserError
from met_culture.common.files import damaged, read_json
from met_culture.common.schemas import METRICS
from met_culture.compare.comparison import cautions, table
from met_culture.compare.dvc_experiments import experiments
from met_culture.compare.forest_plot import forest
from met_culture.compare.grouping import compare, configurations
from met_culture.evaluate.examples import worst_first
from met_culture.evaluate.metrics import HEADLINE
from met_culture.evaluate.predictions import read_predictions
from met_culture.preprocess.array_file import Array, read_images
from met_culture.report.pictures import figure_image, museum_link, read_image

PREDICTIONS = Path("data/evaluate/predictions.csv")
ERRORS = 12  # number of worst errors
EXPLORED = {
    "collection": "A random sample of the fetched objects",
    "object": "The columns of one object, filled and empty",
    "columns": "How complete each of the 57 columns is, which decides what can be predicted",
    "classifications": "Objects by classification, variant names merged",
    "article_classifications": "The article's chart: objects by classification, names as in the records",
    "cultures": "Works and paintings by culture",
    "article_cultures": "The article's chart: paintings by culture, by classification and (in brackets) by our rules",
    "media": "The most frequent media",
    "kinds": "Number of paintings, drawings and sculptures",
    "classes": "Some paintings of each culture",
    "shapes": "Sizes, dates and mean colours of the paintings by culture",
    "duplicates": "Images in one group: copies, near-duplicates and leaves of an album",
}
EVALUATED = {
    "curves": "Accuracy and loss of train and validation by epoch",
    "confusion": "Confusion matrix of the test images, each row normalised",
    "gradcam": "Evidence for the predicted culture, in correct and in wrong predictions",
}


def worst_errors(predictions: pd.DataFrame, images: Array, labels: list[str]) -> list[dict[str, Any]]:
    """Return the wrong predictions with the lowest probability of the true label, at most `ERRORS`.

    `images` are uint8 (n, size, size, 3), RGB, in the order of `predictions`.
    """
    errors = []
    for index in worst_first(predictions, labels)[:ERRORS]:
        row = predictions.iloc[index].to_dict()
        row["image"] = Image.fromarray(images[index])
        row["link"] = museum_link(row["objectURL"])
        row["p"] = row[f"p_{row['predicted']}"]
        errors.append(row)
    return errors


def card_html(text: str) -> str:
    """Return Markdown as HTML, headings two levels lower; HTML in the text is escaped."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{int(token.tag[1]) + 2}"
    return markdown.renderer.render(tokens, markdown.options, {})


def comparison(source: str) -> dict[str, Any]:
    """Return the comparison of HEAD with its experiments: `table`, `forest` (an image) and `notes`."""
    empty: dict[str, Any] = {"table": None, "forest": None}
    try:
        history = experiments()
    except UserError as error:
        return empty | {"notes": [f"There is no comparison: {error}"]}
    if not history.head_finished:
        reason = "There is no comparison: HEAD has no finished run; run `dvc repro` and commit."
        return empty | {"notes": [reason, *history.notes]}
    groups = configurations(history.runs)
    rows = compare(groups, HEADLINE[0])
    image = None
    if len(groups) > 1:
        image = figure_image(forest(rows, HEADLINE[0], f"Comparison of configurations ({source})"))
    notes = [*history.notes, *cautions(groups)]
    return {"table": table(groups, rows, HEADLINE[0]), "forest": image, "notes": notes}


def _plots(folder: Path, titles: dict[str, str]) -> list[tuple[str, str, Image.Image]]:
    return [(name, title, read_image(folder / f"{name}.png")) for name, title in titles.items()]


def _read_run() -> dict[str, Any]:
    metrics = {
        stage: read_json(Path(f"metrics/{stage}.json"), METRICS[stage], f"dvc repro {stage}")
        for stage in ("evaluate", "train")
    }
    labels = list(metrics["evaluate"]["labels"])
    predictions = read_predictions(PREDICTIONS, labels)
    images = read_images(Path("data/preprocess/test_x.npy"), None)
    if len(predictions) != len(images):
        raise damaged(
            PREDICTIONS, f"it has {len(predictions)} rows for {len(images)} test images", "dvc repro evaluate"
        )
    return {
        **metrics,
        "explored": _plots(Path("plots/explore"), EXPLORED),
        "evaluated": _plots(Path("plots"), EVALUATED),
        "cards": {name: card_html(text) for name, text in current_cards(Path("metrics")).items()},
        "errors": worst_errors(predictions, images, labels),
    }


def read_run() -> dict[str, Any]:
    """Return the content of the report from the outputs of the run in this folder, without the comparison.

    Raises:
        UserError: An output is missing, damaged or from another run.
    """
    try:
        return _read_run()
    except FileNotFoundError as error:
        raise UserError(f"{error.filename} is missing; run `make repro`, or `dvc pull`.") from None
    # JSON, pandas, NumPy and the templates raise these for a truncated file.
    except (ValueError, LookupError, EOFError, UndefinedError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"an output is damaged or from another run ({reason}); run `make repro`.") from None
