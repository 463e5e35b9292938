"""Render the data card and the model card from parameters and metrics.

Sources of their form: Gebru et al., Datasheets for Datasets, 2018; Mitchell et al., Model Cards, 2019.
"""

from pathlib import Path
from typing import Any

from met_culture.common.config import read_sections
from met_culture.common.files import read_json
from met_culture.common.schemas import METRICS
from met_culture.common.templates import template
from met_culture.evaluate.metrics import MIN_IMAGES
from met_culture.params import check_all

CARDS = ("data_card.md", "model_card.md")
STAGES = ("fetch", "clean", "train", "evaluate")


def cards(params: dict[str, Any], metrics: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Return the text of each of `CARDS` by name, from all parameters and the metrics of `STAGES`."""
    return {name: template(f"cards/{name}").render(params=params, few=MIN_IMAGES, **metrics) for name in CARDS}


def current_cards(metrics: Path) -> dict[str, str]:
    """Return the cards of params.yaml and the metrics in a folder.

    Raises:
        UserError: A parameter is wrong, or a file of metrics is missing or damaged.
    """
    check_all()
    return cards(
        read_sections(),
        {stage: read_json(metrics / f"{stage}.json", METRICS[stage], f"dvc repro {stage}") for stage in STAGES},
    )
