"""The report of made-up results in a real Chromium without a network; nothing is trained."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browsing import OVERFLOW, opened
from PIL import Image
from playwright.sync_api import Browser
from support import DAMAGES, ROOT, picture

from met_culture.common.cli import run
from met_culture.common.errors import UserError
from met_culture.compare.dvc_experiments import Experiments
from met_culture.compare.runs import Run
from met_culture.report import __main__ as command
from met_culture.report import content, page
from met_culture.report.pictures import picture as data_address

LABELS = ["China", "Japan", "America", "India"]
HOSTILE = '<img src="https://example.org/x.png" onerror="document.title=1"><script>document.title=1</script>'
OBJECT = "https://www.metmuseum.org/art/collection/search/1"
SECTIONS = ["data", "run", "errors", "experiments", "cards"]


def predictions(count: int = 40) -> pd.DataFrame:
    """Return made-up predictions: every third is wrong, the first of them of a hostile object."""
    probabilities = np.random.default_rng(0).dirichlet(np.ones(4), count)
    predicted = np.array(LABELS)[probabilities.argmax(axis=1)]
    label = [LABELS[(LABELS.index(name) + (index % 3 == 0)) % 4] for index, name in enumerate(predicted)]
    named = {
        "title": f"Work\nof {HOSTILE}",
        "artistDisplayName": "A & B",
        "objectDate": "ca. 1700",
        "objectURL": OBJECT,
    }
    table = pd.DataFrame({"objectID": range(count), "group": range(count), "label": label, **named})
    table.loc[::2, "objectURL"] = "javascript:alert(1)"
    columns = {f"p_{name}": probabilities[:, index] for index, name in enumerate(LABELS)}
    return table.assign(predicted=predicted, **columns)


@pytest.fixture
def results(workspace: Path) -> Path:
    """Return a folder with everything that the report reads, outside a repository."""
    shutil.copytree(ROOT / "metrics", workspace / "metrics")
    for index, name in enumerate(content.EXPLORED):
        picture(workspace / f"plots/explore/{name}.png", index, size=(1000, 400))
    for index, name in enumerate(content.EVALUATED):
        picture(workspace / f"plots/{name}.png", index, size=(1000, 400))
    for folder in ("data/evaluate", "data/preprocess"):
        (workspace / folder).mkdir(parents=True)
    predictions().to_csv(workspace / "data/evaluate/predictions.csv", index=False)
    np.save(
        workspace / "data/preprocess/test_x.npy", np.random.default_rng(1).integers(0, 256, (40, 20, 20, 3), "uint8")
    )
    return workspace


@pytest.fixture
def written(results: Path, stage: Callable[..., None]) -> str:
    """Return the report's address."""
    stage(command.main, results / "out/report.html")
    return (results / "out/report.html").as_uri()


@pytest.mark.parametrize("width", [1280, 390])
def test_it_shows_everything_without_a_network(browser: Browser, written: str, width: int) -> None:
    with opened(browser, written, width) as page:
        assert page.evaluate(OVERFLOW) == 0
        shown = page.evaluate("[...document.images].map(e => [e.naturalWidth > 0, e.alt !== ''])")
        assert len(shown) == len(content.EXPLORED) + len(content.EVALUATED) + content.ERRORS
        assert all(all(image) for image in shown)
        assert [heading.get_attribute("id") for heading in page.locator("h2").all()] == SECTIONS
        assert page.locator("article h3").count() == 2, "a card's title is below the page's headings"
        assert page.locator("article table").count() == 6
        figure = page.locator("#collection img").bounding_box()
        assert figure["width"] >= 600, "a picture that is wider than a telephone scrolls and stays readable"


def test_every_place_is_reached_with_the_keyboard(browser: Browser, written: str) -> None:
    with opened(browser, written) as page:
        for name in SECTIONS:
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.getAttribute('href')") == f"#{name}"
        page.keyboard.press("Enter")
        assert page.url.endswith("#cards")


def test_names_are_shown_and_never_obeyed(browser: Browser, written: str) -> None:
    with opened(browser, written) as page:
        first = page.locator(".errors li").first
        assert HOSTILE in first.inner_text()
        assert page.title() == "Culture of paintings: synthetic sample"
        links = {link.get_attribute("href") for link in page.locator(".errors a").all()}
        assert links == {OBJECT}, "links lead to the museum and nowhere else"


def test_the_worst_errors_come_first() -> None:
    table = predictions()
    errors = content.worst_errors(table, np.zeros((len(table), 4, 4, 3), np.uint8), LABELS)
    true = [row[f"p_{row['label']}"] for row in errors]
    assert true == sorted(true)
    assert all(row["label"] != row["predicted"] for row in errors)
    assert len(errors) == content.ERRORS


def test_equal_results_give_equal_bytes(results: Path, stage: Callable[..., None]) -> None:
    for name in ("one", "two"):
        stage(command.main, results / name)
    assert (results / "one").read_bytes() == (results / "two").read_bytes()


def test_a_card_shows_html_and_does_not_obey_it() -> None:
    html = content.card_html("# Card\n\n<b>x</b> [y](javascript:alert(1))\n\n| a |\n|---|\n| 1 |\n")
    assert "<h3>Card</h3>" in html
    assert "&lt;b&gt;" in html
    assert "<td>1</td>" in html
    assert "href" not in html


def comparison() -> tuple:
    result = content.comparison("synthetic sample")
    return result["table"], result["forest"], result["notes"]


def test_the_comparison_stands_in_it_with_its_picture(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def made(name: str, epochs: int, seed: int) -> Run:
        metrics = {"accuracy": 0.5 + seed / 10, "val_accuracy_last_10": 0.6}
        return Run((name,), {"train.epochs": epochs, "train.seed": seed, "clean.seed": 0}, metrics)

    runs = [made("HEAD", 50, 0), made("a", 100, 0), made("b", 100, 1)]
    monkeypatch.setattr(content, "experiments", lambda: Experiments(runs, True, ["x is left out: failed"]))
    table, image, notes = comparison()
    assert list(table["configuration"]) == ["baseline", "train.epochs=100"]
    assert list(table["n"]) == ["1", "2"]
    assert image.width > 500
    assert notes[0] == "x is left out: failed"


def test_without_a_repository_or_a_run_it_says_so(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table, image, notes = comparison()
    assert table is image is None
    assert notes[0].startswith("There is no comparison: `dvc exp show` failed")
    monkeypatch.setattr(content, "experiments", lambda: Experiments([], False, ["abc is left out: it has no metrics"]))
    assert "HEAD has no finished run" in comparison()[2][0]


def test_no_error_and_no_table_leave_no_empty_place(results: Path) -> None:
    shown = {"evaluate": json.loads((results / "metrics/evaluate.json").read_text()), "cards": {}, "forest": None}
    shown |= {"train": json.loads((results / "metrics/train.json").read_text()), "explored": [], "evaluated": []}
    text = page.page(shown | {"errors": [], "table": None, "notes": []}).decode()
    assert "All test images were predicted correctly." in text
    assert "<table" not in text


def test_pictures_give_way_to_the_limit(monkeypatch: pytest.MonkeyPatch, results: Path) -> None:
    shown = {"evaluate": json.loads((results / "metrics/evaluate.json").read_text()), "cards": {}, "forest": None}
    shown |= {"train": json.loads((results / "metrics/train.json").read_text()), "errors": [], "table": None}
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (400, 400, 3), "uint8"))
    shown |= {"explored": [("collection", "noise", noise)], "evaluated": [], "notes": []}
    best = len(page.page(shown))
    monkeypatch.setattr(page, "LARGEST", best)
    assert len(page.page(shown)) < best
    monkeypatch.setattr(page, "LARGEST", 10_000)
    with pytest.raises(UserError, match=r"explore\.pictures"):
        page.page(shown)


def test_what_is_missing_is_named(results: Path) -> None:
    (results / "plots/explore/columns.png").unlink()
    command = [sys.executable, "-m", "met_culture.report", "report.html"]
    done = subprocess.run(command, cwd=results, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "error: plots/explore/columns.png is missing; run `make repro`, or `dvc pull`.\n"
    assert not (results / "report.html").exists()


@pytest.mark.parametrize(
    "name", ["metrics/evaluate.json", "data/evaluate/predictions.csv", "data/preprocess/test_x.npy", "plots/curves.png"]
)
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_half_a_file_is_said_in_a_sentence(
    results: Path, stage: Callable[..., None], capsys: pytest.CaptureFixture[str], name: str, share: float
) -> None:
    content = (results / name).read_bytes()
    (results / name).write_bytes(content[: int(share * len(content))])
    with pytest.raises(SystemExit) as end:
        run(lambda: stage(command.main, results / "report.html"))
    assert end.value.code == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (results / "report.html").exists()


def test_a_picture_that_is_too_long_for_its_format_is_made_smaller() -> None:
    assert data_address(Image.new("L", (4, 20_000)), 30).startswith("data:image/webp")


FILES = ["metrics/evaluate.json", "metrics/train.json", "metrics/fetch.json", "data/evaluate/predictions.csv"]


@pytest.mark.parametrize("name", [*FILES, "data/preprocess/test_x.npy"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named(results: Path, name: str, damage: str) -> None:
    path = results / name
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(UserError, match=rf"{name} is (damaged|not a whole).*; run `dvc repro"):
        content.read_run()


def test_labels_that_look_like_numbers_are_shown(results: Path) -> None:
    for name in ("metrics/evaluate.json", "metrics/clean.json", "data/evaluate/predictions.csv"):
        text = (results / name).read_text()
        for label, number in zip(LABELS, ("1700", "1800", "1900", "2000"), strict=True):
            text = text.replace(label, number)
        (results / name).write_text(text)
    run_content = content.read_run()
    assert {row["label"] for row in run_content["errors"]} <= {"1700", "1800", "1900", "2000"}
    assert "1700" in run_content["cards"]["model_card.md"]


def test_predictions_of_other_labels_are_refused(results: Path) -> None:
    path = results / "data/evaluate/predictions.csv"
    path.write_text(path.read_text().replace("India", "Korea"))
    with pytest.raises(UserError, match=r"predictions\.csv is damaged \(its labels are"):
        content.read_run()
