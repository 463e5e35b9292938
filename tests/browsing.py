"""Pages in a real Chromium, without a network except for a server of the test."""

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
    """Open a page; console messages and requests to other servers must equal `complaints`.

    Args:
        browser: As `chromium` yields it.
        url: Address of a file, then without a network, or of a server of the test.
        width: Width of the window in pixels.
        complaints: The expected messages.
    """
    context = browser.new_context(viewport={"width": width, "height": 900})
    context.set_offline(url.startswith("file:"))
    page, messages = context.new_page(), []
    own = ("file:", "data:", "blob:", url, url.replace("http", "ws", 1))
    page.on("console", lambda message: messages.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: messages.append(f"page: {error}"))
    page.on("request", lambda request: request.url.startswith(own) or messages.append(f"asked: {request.url}"))
    page.goto(url)
    yield page
    context.close()
    assert tuple(messages) == complaints
