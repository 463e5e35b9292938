"""The dashboard end to end in a real Chromium, and its messages without one. The network has random weights."""

import io
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browsing import OVERFLOW, opened, streamlit
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from saved_models import repository
from streamlit.testing.v1 import AppTest
from support import ROOT, picture

APP = ROOT / "src/met_culture/dashboard/app.py"
HOSTILE = '<img src=x onerror="document.title=1">:red[*x*] $y$ [z](javascript:alert(1))'
OBJECT = "https://www.metmuseum.org/art/collection/search/1"
LABELS = ["China", "Japan", "America", "India"]
EXAMPLE = "or a painting of the test images"
NEAREST = "Most similar training paintings"
expect.set_options(timeout=60_000)  # the first page imports TensorFlow


def files(folder: Path) -> None:
    """Write what the pipeline would have: 24 paintings, a third of them for the test."""
    for number in range(24):
        picture(folder / f"data/raw/images/{number}.jpg", number)
    rows = {"objectID": range(24), "label": LABELS * 6, "split": ["train", "train", "test"] * 8, "title": HOSTILE}
    rows |= {"image_file": [f"images/{n}.jpg" for n in range(24)], "artistDisplayName": "A & B", "objectDate": "1700"}
    table = pd.DataFrame(rows).assign(objectURL=OBJECT)
    table.loc[::2, "objectURL"] = "javascript:alert(1)"
    (folder / "data/clean").mkdir(parents=True)
    table.to_csv(folder / "data/clean/paintings.csv", index=False)


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give `__main__` back: Streamlit's runner puts the page there, and every process started later would import it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository whose own model is never sure enough, and that of its last commit always."""
    clone = repository(tmp_path_factory.mktemp("app") / "repository")
    files(clone.folder)
    shutil.copytree(ROOT / ".streamlit", clone.folder / ".streamlit")
    return clone.folder


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    """Start the dashboard as `make app` does."""
    with streamlit(APP, folder) as address:
        yield address


def upload(page: Page, name: str, content: bytes) -> None:
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": content})


def encoded(size: tuple[int, int], form: str = "JPEG") -> bytes:
    data = io.BytesIO()
    Image.fromarray(np.random.default_rng(3).integers(0, 256, (*size, 3), np.uint8)).save(data, form)
    return data.getvalue()


@pytest.mark.parametrize("width", [1280, 390])
def test_an_upload_gets_probabilities_heat_and_neighbours(browser: Browser, url: str, width: int) -> None:
    with opened(browser, url, width) as page:
        upload(page, "painting.jpg", encoded((200, 300)))
        expect(page.get_by_text("By the network's own features")).to_be_visible()
        assert page.get_by_role("progressbar").count() == 4
        assert all(page.get_by_text(f"{label}: ").count() for label in LABELS)
        expect(page.get_by_text("Unsure:")).to_be_visible()
        shown = page.locator("[data-testid=stImage] img")
        expect(shown).to_have_count(2)
        page.wait_for_function("[...document.images].every(e => e.naturalWidth >= 32)")
        expect(page.locator(".nearest li")).to_have_count(6)
        assert page.evaluate(OVERFLOW) == 0


def test_names_are_shown_and_never_obeyed(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        upload(page, "painting.jpg", encoded((200, 300)))
        expect(page.get_by_text("By the network's own features")).to_be_visible()
        assert HOSTILE in page.locator(".nearest li").first.inner_text()
        assert page.locator(".nearest img[src=x]").count() == 0
        links = {link.get_attribute("href") for link in page.locator(".nearest a").all()}
        assert links <= {OBJECT}
        assert page.title() == "Culture of a painting"


def test_everything_works_by_keyboard(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        wanted = {name: page.get_by_role("combobox", name=name) for name in ("Trained model", EXAMPLE)}
        wanted["upload"] = page.locator("[data-testid=stFileUploader] button").first
        expect(wanted["upload"]).to_be_visible()
        expect(wanted[EXAMPLE]).to_be_visible()
        reached = []
        for _ in range(12):
            page.keyboard.press("Tab")
            reached += [
                name for name, element in wanted.items() if element.evaluate("e => e === document.activeElement")
            ]
            if EXAMPLE in reached:
                break
        assert reached == ["Trained model", "upload", EXAMPLE]
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("option").first).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.get_by_text(NEAREST)).to_be_visible()


def test_another_revision_answers_otherwise(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        upload(page, "painting.jpg", encoded((200, 300)))
        expect(page.get_by_text("Unsure:")).to_be_visible()
        page.get_by_role("combobox", name="Trained model").click()
        page.get_by_role("option", name="main").click()
        expect(page.get_by_text("Unsure:")).to_have_count(0)
        expect(page.locator("[data-testid=stAlertContentSuccess]")).to_be_visible()


def test_what_cannot_be_used_is_named_and_the_page_goes_on(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        for name, content, message in [
            ("../../x.jpg", b"GIF89a", "This image cannot be used: "),
            ("page.jpg", b"<html>", "This image cannot be used: HTML, not an image."),
            ("text.png", b"text", "This image cannot be used: not an image."),
            ("half.jpg", encoded((200, 300))[:3000], "This image cannot be used: cut off."),
            ("empty.jpg", b"", "This image cannot be used: empty."),
            ("page.svg", b"<svg/>", "files are not allowed"),
        ]:
            upload(page, name, content)
            expect(page.get_by_text(message)).to_be_visible()
            assert page.locator(".nearest").count() == 0
            expect(page.get_by_role("combobox", name=EXAMPLE)).to_be_visible()


def test_a_file_that_is_too_large_is_refused(browser: Browser, url: str, tmp_path: Path) -> None:
    file = tmp_path / "huge.jpg"
    with file.open("wb") as sparse:
        sparse.truncate(21_000_000)
    with opened(browser, url) as page:
        page.locator("input[type=file]").set_input_files(file)
        expect(page.get_by_text("File must be 20.0MB or smaller")).to_be_visible()
        assert page.locator(".nearest").count() == 0
        expect(page.get_by_role("combobox", name=EXAMPLE)).to_be_visible()


def test_a_picture_that_would_fill_the_memory_is_refused(browser: Browser, url: str) -> None:
    data = io.BytesIO()
    Image.new("1", (9_000, 9_000)).save(data, "PNG")  # a few kilobytes
    with opened(browser, url) as page:
        upload(page, "bomb.png", data.getvalue())
        expect(page.get_by_text("9000 x 9000 pixels, more than 50,000,000")).to_be_visible()


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1", "101"), ("evil.example", "403")])
def test_no_page_reaches_it_by_another_name(url: str, host: str, status: str) -> None:
    """As after DNS rebinding: a foreign page whose name leads to this machine."""
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
    request = f"GET /_stcore/stream HTTP/1.1\r\nHost: {host}\r\n{upgrade}dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=20) as connection:
        connection.sendall(request.encode())
        assert connection.recv(100).split()[1].decode() == status


def test_without_a_model_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = AppTest.from_file(str(APP), default_timeout=60).run()
    assert not page.exception
    assert [error.value for error in page.error] == [
        "models/model.keras is missing; run `dvc repro` to train it, or `dvc pull` to get it."
    ]


def test_an_example_is_answered_without_a_browser(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    page = AppTest.from_file(str(APP), default_timeout=60).run()
    examples = page.selectbox[1]
    assert len(examples.options) == 8
    page = examples.select(examples.options[0]).run()
    assert not page.exception
    assert [heading.value for heading in page.subheader] == [NEAREST]
    assert len(page.warning) == 1


def game(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Return the page with the game chosen."""
    monkeypatch.chdir(folder)
    page = AppTest.from_file(str(APP), default_timeout=60).run()
    return page.segmented_control[0].set_value("Surprise me").run()


def test_the_game_keeps_the_score_of_both_to_its_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = game(folder, monkeypatch)
    visitor = model = 0
    for number in range(2):
        assert not page.exception
        assert [button.label for button in page.button] == LABELS
        score = f"Correct: you **{visitor} of {number}**, the model **{model} of {number}**."
        assert page.markdown[0].value == f"{score} Test painting {number + 1} of 8, in random order."
        assert not page.success
        assert not page.error
        page = page.button[number % 4].click().run()
        answer = page.markdown[1].value
        visitor += LABELS[number % 4] in answer
        assert page.markdown[2].value.startswith("✓" if LABELS[number % 4] in answer else "✗")
        is_right = "This is right." in [*page.success, *page.error][0].value
        assert is_right == bool(page.success) != bool(page.error)
        model += is_right
        (button,) = page.button
        page.session_state["game"].position += 6 * number  # the eighth and last follows the second
        page = button.click().run()
    assert page.success[0].value == "You have seen all 8 test paintings."
    assert f"you **{visitor} of 2**, the model **{model} of 2**" in page.markdown[0].value
    page = page.button[0].click().run()
    assert "you **0 of 0**" in page.markdown[0].value


def test_the_game_without_paintings_says_what_to_do(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(folder / "models", tmp_path / "models")
    page = game(tmp_path, monkeypatch)
    assert not page.exception
    assert [info.value for info in page.info] == [
        "There are no test paintings of the model's cultures here; `make repro` creates them."
    ]


def test_a_painting_that_cannot_be_read_counts_for_nobody(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("models", "data"):
        shutil.copytree(folder / name, tmp_path / name)
    shutil.rmtree(tmp_path / "data/raw")
    page = game(tmp_path, monkeypatch)
    assert not page.exception
    assert "cannot be shown" in page.warning[0].value
    page = page.button[0].click().run()
    assert page.markdown[0].value.endswith("the model **0 of 0**. Test painting 2 of 8, in random order.")


@pytest.mark.slow
def test_the_game_is_played_by_keyboard_and_its_title_is_text(browser: Browser, url: str) -> None:
    with opened(browser, url, 390) as page:
        page.get_by_text("Surprise me", exact=True).click()
        expect(page.get_by_role("button", name=LABELS[-1])).to_be_visible()
        assert "A & B" not in page.locator("[data-testid=stMain]").inner_text()  # it is shown after the guess
        picture = page.get_by_alt_text("The painting to guess")
        expect(picture).to_have_js_property("complete", True)
        before = picture.bounding_box()
        page.keyboard.press("1")
        expect(page.get_by_role("progressbar")).to_have_count(4)
        captions = " ".join(page.get_by_test_id("stCaptionContainer").all_inner_texts())
        assert HOSTILE in captions.replace("\u2060", "")
        after = picture.bounding_box()
        assert before
        assert after
        assert (after["width"], after["height"]) == (before["width"], before["height"])
        expect(page.get_by_role("button", name="Next painting")).to_be_in_viewport()
        assert page.evaluate(OVERFLOW) == 0
        page.keyboard.press("n")
        expect(page.get_by_text("Test painting 2 of 8")).to_be_visible()


@pytest.mark.parametrize("content", ["", "objectID\n1\n"])
def test_a_damaged_table_is_named(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    shutil.copytree(folder / "models", tmp_path / "models")
    (tmp_path / "data/clean").mkdir(parents=True)
    (tmp_path / "data/clean/paintings.csv").write_text(content)
    monkeypatch.chdir(tmp_path)
    page = AppTest.from_file(str(APP), default_timeout=60).run()
    assert not page.exception
    assert page.error[0].value.startswith("data/clean/paintings.csv is damaged")
