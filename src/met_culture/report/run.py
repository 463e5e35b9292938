"""Write everything that a run has to show as one HTML page, which needs no network: `make report`.

It holds the pictures of explore, train and evaluate, the worst errors with links to the museum's pages, the comparison
of experiments, and both cards. Titles and names come from a museum: all are escaped, and the page may load nothing.
"""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import UndefinedError
from markdown_it import MarkdownIt
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from met_culture.cards.render import current_cards
from met_culture.common.cli import path_arguments, run
from met_culture.common.errors import UserError
from met_culture.common.files import read_json, write_bytes
from met_culture.common.templates import template
from met_culture.compare import comparison as compare
from met_culture.compare.dvc_experiments import experiments
from met_culture.compare.forest_plot import forest
from met_culture.compare.grouping import compare as tested
from met_culture.compare.grouping import configurations
from met_culture.evaluate.metrics import HEADLINE
from met_culture.evaluate.examples import worst_first

MUSEUM = "https://www.metmuseum.org/"  # no other place is linked to, whatever a record says
QUALITIES = (85, 70, 50, 30)  # of the pictures, from the best; the first that fits is taken
LONGEST = 16_383  # pixels of a side, which WebP cannot pass
LARGEST = 5_000_000  # bytes of the page
SHOWN = 12  # errors
EXPLORED = {
    "collection": "Some of everything that was fetched, at random",
    "object": "The columns of one object, filled and empty",
    "columns": "How filled each of the 57 columns is, which decided what can be predicted",
    "classifications": "Objects by classification, names of the same thing joined",
    "cultures": "Works and paintings by culture",
    "media": "The most used media",
    "kinds": "How many paintings, drawings and sculptures there are",
    "classes": "Some paintings of each culture",
    "shapes": "Sizes, dates and mean colours of the paintings by culture",
    "duplicates": "Pictures that are one: copies, near-duplicates and leaves of an album",
}
EVALUATED = {
    "curves": "Accuracy and loss of train and validation by epoch",
    "confusion": "Confusion matrix of the test images, each row normalised",
    "gradcam": "Where the network looked for right and for wrong answers",
}


def picture(image: Image.Image, quality: int) -> str:
    """Return a picture as a data address, WebP."""
    data, image = io.BytesIO(), image.convert("RGB")
    image.thumbnail((LONGEST, LONGEST))
    image.save(data, "WEBP", quality=quality, method=4)
    return f"data:image/webp;base64,{base64.b64encode(data.getvalue()).decode()}"


def drawn(figure: Figure) -> Image.Image:
    """Return a figure as a picture."""
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=100)
    plt.close(figure)
    return Image.open(data)


def museum_link(address: str) -> str:
    """Return an address if it is the museum's, else nothing."""
    return address if address.startswith(MUSEUM) else ""


def worst(predictions: pd.DataFrame, images: np.ndarray, labels: list[str]) -> list[dict[str, Any]]:
    """Return the wrong predictions in which the true label got the least probability, at most `SHOWN`.

    Args:
        predictions: One row per test image, text columns as text.
        images: uint8 (n, size, size, 3), RGB, in the same order.
        labels: All labels.
    """
    found = []
    for place in worst_first(predictions, labels)[:SHOWN]:
        row = predictions.iloc[place].to_dict()
        shown = {"image": Image.fromarray(images[place]), "link": museum_link(row["objectURL"])}
        found.append(row | shown | {"p": row[f"p_{row['predicted']}"]})
    return found


def card(text: str) -> str:
    """Return Markdown as HTML, its headings two levels down; HTML in it is shown and not obeyed."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{int(token.tag[1]) + 2}"
    return markdown.renderer.render(tokens, markdown.options, {})


def compared(source: str) -> tuple[pd.DataFrame | None, Image.Image | None, list[str]]:
    """Return the comparison of HEAD and its experiments, its picture, and what a reader has to know."""
    try:
        runs, head, notes = experiments()
    except UserError as error:
        return None, None, [f"There is no comparison: {error}"]
    if not head:
        return None, None, ["There is no comparison: HEAD has no finished run; run `dvc repro` and commit.", *notes]
    groups = configurations(runs)
    rows = tested(groups, HEADLINE[0])
    image = drawn(forest(rows, HEADLINE[0], f"Comparison of configurations ({source})")) if len(groups) > 1 else None
    return compare.table(groups, rows, HEADLINE[0]), image, [*notes, *compare.cautions(groups)]


def _opened(path: Path) -> Image.Image:
    data = io.BytesIO(path.read_bytes())
    try:
        return Image.open(data).convert("RGB")
    except (OSError, SyntaxError) as error:  # what Pillow says of half a PNG
        raise ValueError(f"{path}: {error}") from None


def _all(folder: Path, names: dict[str, str]) -> list[tuple[str, str, Image.Image]]:
    return [(name, text, _opened(folder / f"{name}.png")) for name, text in names.items()]


def page(content: dict[str, Any]) -> bytes:
    """Return the page, its pictures as good as `LARGEST` allows.

    Raises:
        UserError: It is too large at the lowest quality.
    """
    for quality in QUALITIES:
        text = template("report/report.html").render(
            content, data=lambda image, quality=quality: picture(image, quality)
        )
        if len(data := text.encode()) < LARGEST:
            return data
    raise UserError(f"the report would take {len(data):,} bytes; lower explore.pictures in params.yaml.")


def main() -> None:
    """Write the page of the run in this folder."""
    paths = path_arguments(__doc__, "out")
    try:
        evaluate, train = (read_json(Path(f"metrics/{stage}.json")) for stage in ("evaluate", "train"))
        predictions = pd.read_csv("data/evaluate/predictions.csv", keep_default_na=False)
        images, labels = np.load("data/preprocess/test_x.npy", mmap_mode="r"), list(evaluate["labels"])
        if len(predictions) != len(images) or predictions.isna().to_numpy().any():
            raise ValueError(f"{len(predictions)} predictions, some cut off perhaps, of {len(images)} test images")
        content = {"explored": _all(Path("plots/explore"), EXPLORED), "evaluated": _all(Path("plots"), EVALUATED)}
        cards = {name: card(text) for name, text in current_cards(Path("metrics")).items()}
        content |= {"evaluate": evaluate, "train": train, "cards": cards, "errors": worst(predictions, images, labels)}
    except FileNotFoundError as error:
        raise UserError(f"{error.filename} is missing; run `make repro`, or `dvc pull`.") from None
    # Half a file: what JSON, pandas, NumPy and the templates say of it.
    except (ValueError, LookupError, EOFError, UndefinedError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"a file of the run is damaged or of another run ({reason}); run `make repro`.") from None
    table, forest_image, notes = compared(evaluate["source"])
    content |= {"table": table, "forest": forest_image, "notes": notes}
    write_bytes(paths.out, data := page(content))
    print(f"wrote {paths.out}: {len(data) / 1e6:.1f} MB; open it in a browser, or send it to somebody")


if __name__ == "__main__":
    run(main)
