"""Pages in a real Chromium, without a network unless a test's own server is asked."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium")
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium; the test skips where there is none."""
    if not CHROMIUM:
        pytest.skip("no chromium on the path (Debian's package has this name)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])  # which root needs
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, url: str, width: int = 1280, complaints: tuple[str, ...] = ()) -> Iterator[Page]:
    """Open a page; what the console says and what is asked of anybody else must be `complaints`.

    Args:
        browser: Of `chromium`.
        url: A file's, without a network then, or a test's own server's.
        width: Of the window, in pixels.
        complaints: What is expected.
    """
    context = browser.new_context(viewport={"width": width, "height": 900})
    context.set_offline(url.startswith("file:"))
    page, heard = context.new_page(), []
    own = ("file:", "data:", "blob:", url, url.replace("http", "ws", 1))
    page.on("console", lambda message: heard.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: heard.append(f"page: {error}"))
    page.on("request", lambda asked: asked.url.startswith(own) or heard.append(f"asked: {asked.url}"))
    page.goto(url)
    yield page
    context.close()
    assert tuple(heard) == complaints
