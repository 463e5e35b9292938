"""Write the data card and the model card, docs/data_card.md and docs/model_card.md, from parameters and metrics.

`make cards` does it after a run; tests/test_cards.py compares the committed cards with the committed figures.
Sources of their form: Gebru et al., Datasheets for Datasets, 2018; Mitchell et al., Model Cards, 2019.
"""

from pathlib import Path
from typing import Any

import jinja2
import yaml

from met_culture.common.cli import path_arguments, run
from met_culture.common.config import PARAMS
from met_culture.common.files import read_json, write_bytes
from met_culture.evaluate.metrics import MIN_IMAGES
from met_culture.params import check_all

CARDS = ("data_card.md", "model_card.md")
STAGES = ("fetch", "clean", "train", "evaluate")


def cards(params: dict[str, Any], metrics: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Return the text of each of `CARDS`.

    Args:
        params: All parameters, as params.yaml holds them.
        metrics: Those of each of `STAGES`.
    """
    return {name: template(name).render(params=params, few=MIN_IMAGES, **metrics) for name in CARDS}


def template(name: str) -> jinja2.Template:
    """Return a template of `templates/`; one of HTML escapes what it is given, one of Markdown does not."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("met_culture"),
        autoescape=jinja2.select_autoescape(["html"], default=False),
        undefined=jinja2.StrictUndefined,  # a figure that a template misspells is an error, and not an empty place
        keep_trailing_newline=True,
    )
    return environment.get_template(name)


def current(metrics: Path) -> dict[str, str]:
    """Return the cards of params.yaml and of the metrics in a folder.

    Raises:
        UserError: A parameter is wrong.
        OSError: There are no metrics.
    """
    check_all()
    params = yaml.safe_load(PARAMS.read_text(encoding="utf-8"))
    return cards(params, {stage: read_json(metrics / f"{stage}.json") for stage in STAGES})


def main() -> None:
    """Write the cards of the metrics in the folder of the first argument into that of the second."""
    paths = path_arguments(__doc__, "metrics", "out")
    for name, text in current(paths.metrics).items():
        write_bytes(paths.out / name, text.encode())


if __name__ == "__main__":
    run(main)
