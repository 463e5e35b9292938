"""The presets of experiments/: every change must be a parameter, with an allowed value."""

from pathlib import Path

import article
import models
import pytest
import yaml
from support import ROOT

from met_culture.common.config import load
from met_culture.params import check_all
from met_culture.train.params import TrainParams

PRESETS = sorted((ROOT / "experiments").glob("*.sh"))


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_a_preset_is_valid_and_says_what_it_costs(preset: Path, tmp_path: Path) -> None:
    changed = models.changes(preset.stem)
    assert changed
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(article.parameters(changed)))
    check_all(path)
    assert {"Cost:", "Result:"} <= set(preset.read_text().split())
    assert f"--name {preset.stem}" in preset.read_text()
    assert preset.read_text().endswith(' "$@"\n'), "it takes further options"


def test_the_articles_preset_is_the_default() -> None:
    assert article.parameters(models.changes("article_50")) == yaml.safe_load((ROOT / "params.yaml").read_text())
    assert load("train", TrainParams, ROOT / "params.yaml").model == "cnn"
