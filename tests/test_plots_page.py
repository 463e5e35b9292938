"""The pages of `dvc plots show` and `dvc plots diff` in a real Chromium without a network.

The repository is a small one with the plots that dvc.yaml declares, over made-up results in two commits.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from browsing import opened
from cloning import Clone
from playwright.sync_api import Browser, Page
from support import ROOT, picture

LABELS = ["America", "China", "India", "Japan"]
PLOTS = ["Accuracy", "Loss", "plots_training_csv", "plots_confusion_csv"]
MISSING = "error: Failed to load resource: net::ERR_FILE_NOT_FOUND"
# Chromium cuts a drawing at its edge: texts that reach beyond, and boxes wider than the room for them.
CUT_OFF = """[...document.querySelectorAll("main svg")].flatMap(svg => {
    const edge = svg.getBoundingClientRect();
    return [...svg.querySelectorAll("text")].filter(text => {
        const box = text.getBoundingClientRect();
        return box.left < edge.left - 1 || box.right > edge.right + 1 || box.bottom > edge.bottom + 1;
    }).map(text => text.textContent);
})"""
WIDER = "[...document.querySelectorAll('body, main > div')].filter(e => e.scrollWidth > e.clientWidth).map(e => e.id)"


def declared() -> dict:
    """Return dvc.yaml with its plots alone: nothing to run, and no data."""
    real = yaml.safe_load((ROOT / "dvc.yaml").read_text())
    stages = {
        name: {"cmd": "true", "plots": stage["plots"]} for name, stage in real["stages"].items() if "plots" in stage
    }
    return {"stages": stages, "plots": real["plots"]}


def results(folder: Path, seed: int, epochs: int = 4) -> None:
    """Write made-up plots; India is never predicted, and the second epoch has the lowest validation loss."""
    rng = np.random.default_rng(seed)
    history = {name: rng.uniform(0.2, 0.95, epochs) for name in ("train_accuracy", "val_accuracy", "train_loss")}
    history["val_loss"] = np.asarray([1.9, 0.25, 1.1, 1.2])[:epochs] + seed / 10
    table = pd.DataFrame({"epoch": range(1, epochs + 1), **history})
    table.to_csv(folder / "plots/training.csv", index=False)
    true = LABELS * 6
    predicted = rng.choice([label for label in LABELS if label != "India"], len(true))
    pd.DataFrame({"label": true, "predicted": predicted}).to_csv(folder / "plots/confusion.csv", index=False)
    for index, name in enumerate(("curves", "confusion", "errors")):
        picture(folder / f"plots/{name}.png", seed + index, size=(1000, 400))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Return a repository of two commits without the script."""
    clone = Clone(tmp_path_factory.mktemp("plots") / "repository")
    clone.env["PYTHONPATH"] = str(ROOT / "src")
    (clone.folder / "plots").mkdir(parents=True)
    shutil.copytree(ROOT / ".dvc/plots", clone.folder / ".dvc/plots")
    for name in (".dvc/config", ".dvc/.gitignore", ".dvc/plots.html", ".gitignore", ".dvcignore"):
        shutil.copy(ROOT / name, clone.folder / name)
    (clone.folder / "dvc.yaml").write_text(yaml.safe_dump(declared(), sort_keys=False))
    clone.run("git", "init", "-q")
    for seed in (1, 2):
        results(clone.folder, seed)
        clone.run("git", "add", ".")
        clone.run("git", "commit", "-qm", f"Run {seed}")
    return clone


@pytest.fixture(scope="module")
def without(repository: Clone) -> Path:
    """Return a page that was written before the script was."""
    repository.run("dvc", "plots", "show", "-o", "without")
    return repository.folder / "without/index.html"


@pytest.fixture(scope="module")
def offline(repository: Clone, without: Path) -> Clone:
    """Return the repository after `make plots`."""
    assert without.is_file()
    repository.run("python", "-m", "met_culture.offline_plots")
    assert repository.run("git", "status", "--porcelain", "--", ".dvc", ".cache") == ""
    return repository


@pytest.fixture(scope="module")
def show(offline: Clone) -> Path:
    offline.run("dvc", "plots", "show")
    return offline.folder / "dvc_plots/index.html"


@pytest.fixture(scope="module")
def diff(offline: Clone) -> Path:
    """Return a page of both commits, outside the repository."""
    offline.run("dvc", "plots", "diff", "HEAD~1", "HEAD", "-o", "../elsewhere")
    return offline.folder.parent / "elsewhere/index.html"


@contextmanager
def drawn(browser: Browser, path: Path, width: int = 1280) -> Iterator[Page]:
    """Open a page and wait for its plots."""
    with opened(browser, path.as_uri(), width) as page:
        page.wait_for_function(f"document.querySelectorAll('main svg.marks').length === {len(PLOTS)}")
        yield page


def texts(page: Page, plot: str) -> list[str]:
    return page.locator(f"#{plot} svg text").all_text_contents()


def lines(page: Page, plot: str) -> list[tuple[str, str]]:
    """Return colour and dashes of every curve that connects points."""
    script = "found => found.filter(e => e.getAttribute('d').includes('L'))"
    style = ".map(e => [e.getAttribute('stroke'), e.getAttribute('stroke-dasharray')])"
    return [tuple(line) for line in page.locator(f"#{plot} .mark-line path").evaluate_all(script + style)]


def row_shares(table: Path) -> list[str]:
    """Return the normalised matrix of a table, row by row, as the page writes it."""
    read = pd.read_csv(table)
    matrix = pd.crosstab(read["label"], read["predicted"], normalize="index").reindex(columns=LABELS, fill_value=0)
    return [f"{value:.2f}" for value in matrix.to_numpy().ravel()]


def test_show_draws_train_and_validation_with_titles_axes_and_units(browser: Browser, show: Path) -> None:
    with drawn(browser, show) as page:
        for plot, title, unit in [
            ("Accuracy", "Training and validation accuracy", "accuracy (fraction of images)"),
            ("Loss", "Training and validation loss", "cross-entropy (nats)"),
        ]:
            assert len({dash for _, dash in lines(page, plot)}) == len(lines(page, plot)) == 2
            words = [title, "epoch", unit, "revision", "workspace", "images", "train (augmented)", "validation"]
            assert set(words) <= set(texts(page, plot))
            assert {"0.0", "1", "4"} <= set(texts(page, plot)), "axes from 0, and from the first epoch to the last"
        assert page.locator("#missing").is_hidden()


def test_show_marks_the_lowest_loss(browser: Browser, show: Path) -> None:
    with drawn(browser, show) as page:
        assert len(lines(page, "plots_training_csv")) == 1
        assert page.locator("#plots_training_csv .mark-symbol.role-mark path[opacity='1']").count() == 1
        words = ["Validation loss, lowest marked", "epoch", "cross-entropy (nats)", "workspace: 2 (0.450)"]
        assert set(words) <= set(texts(page, "plots_training_csv"))


def test_show_normalises_each_row_of_the_matrix(browser: Browser, show: Path, offline: Clone) -> None:
    with drawn(browser, show) as page:
        assert page.locator("#plots_confusion_csv .mark-rect.role-mark path").count() == 16
        shown = texts(page, "plots_confusion_csv")
        words = ["Confusion matrix, rows normalised", "true culture", "predicted culture", "fraction of row"]
        assert {*words, *LABELS, "workspace", "0 of 6"} <= set(shown)
        written = page.locator("#plots_confusion_csv .mark-text.role-mark text[font-size='14px']").count()
        assert written == 16
        values = [text for text in shown if len(text) == 4 and text[1] == "."]
        assert sorted(values) == sorted(row_shares(offline.folder / "plots/confusion.csv"))


def test_diff_outside_the_repository_overlays_revisions(browser: Browser, diff: Path) -> None:
    with drawn(browser, diff) as page:
        for plot in ("Accuracy", "Loss"):
            curves = lines(page, plot)
            assert len(set(curves)) == len(curves) == 4
            assert [len(set(values)) for values in zip(*curves, strict=True)] == [2, 2]
            assert {"HEAD", "HEAD~1", "train (augmented)", "validation"} <= set(texts(page, plot))
        assert {"HEAD: 2 (0.450)", "HEAD~1: 2 (0.350)"} <= set(texts(page, "plots_training_csv"))
        assert page.locator("#plots_confusion_csv .mark-rect.role-mark path").count() == 32
        assert {"HEAD", "HEAD~1"} <= set(texts(page, "plots_confusion_csv"))


@pytest.mark.parametrize(("name", "revisions"), [("show", ["workspace"]), ("diff", ["HEAD~1", "HEAD"])])
def test_the_pictures_show(browser: Browser, request: pytest.FixtureRequest, name: str, revisions: list[str]) -> None:
    with drawn(browser, request.getfixturevalue(name)) as page:
        images = page.evaluate("[...document.images].map(e => [e.alt, e.naturalWidth])")
    names = ("curves", "confusion", "errors")
    assert sorted(images) == sorted([f"plots/{name}.png, {rev}", 1000] for name in names for rev in revisions)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["show", "diff"])
def test_nothing_is_cut_off(browser: Browser, request: pytest.FixtureRequest, name: str, width: int) -> None:
    with drawn(browser, request.getfixturevalue(name), width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CUT_OFF) == []
        # Two matrices side by side are wider than a telephone, and scroll in their own box.
        assert page.evaluate(WIDER) == (["plots_confusion_csv"] if (name, width) == ("diff", 390) else [])


def test_one_epoch_is_a_point(browser: Browser, offline: Clone) -> None:
    results(offline.folder, seed=3, epochs=1)
    offline.run("dvc", "plots", "show", "-o", "one")
    offline.run("git", "checkout", "-q", "plots")
    with drawn(browser, offline.folder / "one/index.html") as page:
        assert page.locator("#Accuracy .mark-symbol.role-mark path[opacity='1']").count() == 2


def test_the_committed_template_finds_the_script(browser: Browser, offline: Clone) -> None:
    """As it is without the local configuration, which a clone or another user of the folder may lack."""
    offline.run("dvc", "plots", "show", "-o", "committed", "--html-template", ".dvc/plots.html")
    page = offline.folder / "committed/index.html"
    assert page.stat().st_size < 100_000, "the script stands in the page"
    with drawn(browser, page) as opened_page:
        assert len(lines(opened_page, "Accuracy")) == 2


def test_without_the_script_the_page_says_how_to_make_it(browser: Browser, without: Path, tmp_path: Path) -> None:
    shutil.copytree(without.parent, tmp_path / "dvc_plots")  # where no script is, whichever test ran before
    with opened(browser, (tmp_path / "dvc_plots/index.html").as_uri(), complaints=(MISSING,)) as page:
        assert page.locator("#missing").is_visible()
        assert "run make plots in the repository" in page.locator("#missing").inner_text().replace("\n", " ")
        assert page.evaluate("[...document.images].every(e => e.naturalWidth > 0)")
