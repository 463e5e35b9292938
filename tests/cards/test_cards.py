import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from markdown_it import MarkdownIt
from support import DAMAGES, ROOT

from met_culture.cards.render import CARDS, STAGES, cards, current_cards
from met_culture.common.errors import UserError

Metrics = dict[str, dict[str, Any]]


def committed(path: str) -> str:
    shown = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True, text=True, check=True)
    return shown.stdout


@pytest.fixture
def metrics() -> Metrics:
    return {stage: json.loads(committed(f"metrics/{stage}.json")) for stage in STAGES}


@pytest.fixture(scope="module")
def params() -> dict[str, Any]:
    return yaml.safe_load(committed("params.yaml"))


def test_the_committed_cards_are_those_of_the_committed_run(params: dict[str, Any], metrics: Metrics) -> None:
    for name, text in cards(params, metrics).items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == text


def test_the_sample_is_never_taken_for_paintings(params: dict[str, Any], metrics: Metrics) -> None:
    assert "No image is a\nwork of art" in cards(params, metrics)["data_card.md"]
    metrics["fetch"]["source"] = "museum folder x"
    card = cards(params, metrics)["data_card.md"]
    assert "work of art" not in card
    assert "public domain" in card


def test_the_card_of_a_list_says_whose_labels_count(params: dict[str, Any], metrics: Metrics) -> None:
    metrics["fetch"] |= {"source": "image list x.csv", "catalog": "images"}
    card = cards(params, metrics)["data_card.md"]
    assert "The label is that of the list" in card
    assert "regular expression" not in card
    assert "Hybrid" not in card


def test_few_test_images_are_named(params: dict[str, Any], metrics: Metrics) -> None:
    metrics["evaluate"]["labels_with_too_few"] = ["India"]
    metrics["clean"]["labels"]["India"]["test"] = 1
    texts = cards(params, metrics)
    assert "**India: too few test images; the scores are too noisy to interpret.**" in texts["model_card.md"]
    assert "- India has 1 test images: its scores are too noisy to interpret." in texts["data_card.md"]
    metrics["evaluate"]["labels_with_too_few"] = []
    assert "too few" not in cards(params, metrics)["model_card.md"]


def test_a_model_that_answers_nothing_has_a_card(params: dict[str, Any], metrics: Metrics) -> None:
    metrics["evaluate"]["answered"] = {"threshold": 1.0, "coverage": 0.0, "accuracy": None}
    assert "not defined" in cards(params, metrics)["model_card.md"]


@pytest.mark.parametrize("threshold", [0.0, 0.625])
def test_the_threshold_is_named_where_there_is_one(params: dict[str, Any], metrics: Metrics, threshold: float) -> None:
    metrics["evaluate"]["answered"] = {"threshold": threshold, "coverage": 0.9, "accuracy": 0.95}
    card = cards(params, metrics)["model_card.md"]
    assert ("Below a probability of 0.625" in card) == (threshold > 0)
    assert ("never unsure" in card) == (threshold == 0)


def test_a_missing_metric_is_an_error(params: dict[str, Any], metrics: Metrics) -> None:
    del metrics["evaluate"]["calibration_error"]
    with pytest.raises(jinja2.UndefinedError, match="calibration_error"):
        cards(params, metrics)


def test_tables_have_as_many_cells_as_headers(params: dict[str, Any], metrics: Metrics) -> None:
    """A `|` in a regular expression would end a cell."""
    params["clean"]["labels"][0]["pattern"] = "China|Chinese"
    tables = re.findall(r"(?:^\|.*\n)+", "\n".join(cards(params, metrics).values()), flags=re.MULTILINE)
    assert len(tables) == 6
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
        assert len(table.splitlines()) > 2


def test_the_templates_are_part_of_the_package() -> None:
    import met_culture

    package = Path(met_culture.__file__).parent
    assert {path.name for path in package.rglob("*.md")} == set(CARDS)
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["met_culture"]
    templates = {path for kind in ("md", "html") for path in package.rglob(f"*.{kind}")}
    assert {path for pattern in shipped for path in package.glob(pattern)} == templates


def test_the_citation_is_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert f'version = "{citation["version"]}"' in (ROOT / "pyproject.toml").read_text()
    assert {"cff-version", "message", "title", "authors"} <= set(citation)


def test_labels_and_sources_are_text(params: dict[str, Any], metrics: Metrics) -> None:
    image = "![i](http://127.0.0.1:9/track.png)"
    metrics["fetch"]["source"] = metrics["evaluate"]["source"] = f"museum folder {image}"
    for stage in ("clean", "evaluate"):
        labels = metrics[stage]["labels"]
        metrics[stage]["labels"] = {f"{image} {label} <img src=x>": row for label, row in labels.items()}
    metrics["evaluate"]["labels_with_too_few"] = [image]
    params["clean"]["labels"][0]["label"] = image
    for text in cards(params, metrics).values():
        html = MarkdownIt("commonmark").enable("table").render(text)
        assert image in html
        assert "<img" not in html


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("damage", [*DAMAGES, "missing"])
def test_damaged_metrics_are_one_sentence(workspace: Path, stage: str, damage: str) -> None:
    shutil.copytree(ROOT / "metrics", workspace / "metrics")
    assert set(current_cards(workspace / "metrics")) == set(CARDS)
    path = workspace / "metrics" / f"{stage}.json"
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(UserError, match=rf"{stage}\.json is (damaged|missing).*; run `dvc repro {stage}`"):
        current_cards(workspace / "metrics")


def _keys(content: Any, path: tuple[str, ...] = ()) -> Any:
    for key, value in content.items():
        yield *path, key
        if isinstance(value, dict):
            yield from _keys(value, (*path, key))


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("value", ["x", None, [], {}, -1, True, 1e308])
def test_metrics_of_another_type_are_a_card_or_one_sentence(workspace: Path, stage: str, value: Any) -> None:
    shutil.copytree(ROOT / "metrics", workspace / "metrics")
    path = workspace / "metrics" / f"{stage}.json"
    text = path.read_text()
    for keys in _keys(json.loads(text)):
        content = json.loads(text)
        section = content
        for key in keys[:-1]:
            section = section[key]
        section[keys[-1]] = value
        path.write_text(json.dumps(content))
        try:
            current_cards(workspace / "metrics")
        except UserError as error:
            assert f"{stage}.json is damaged" in str(error)
