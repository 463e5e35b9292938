"""Pages in a real Chromium, without a network except for a server of the test."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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


@contextmanager
def streamlit(script: Path, folder: Path) -> Iterator[str]:
    """Serve a page of Streamlit with `folder` as the current one, as `make app` does; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    options = ["--server.port", port, "--server.address", "127.0.0.1", "--server.headless", "true"]
    options += ["--browser.gatherUsageStats", "false"]
    command = [sys.executable, "-m", "streamlit", "run", str(script), *options]
    log_file = folder.parent / f"{folder.name}.log"
    with log_file.open("w") as log, subprocess.Popen(command, cwd=folder, stdout=log, stderr=log) as app:
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(300):
                try:
                    urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)  # noqa: S310 - http, to this machine
                    break
                except OSError:
                    time.sleep(0.1)
            yield address
        finally:
            app.terminate()
            app.wait(20)
