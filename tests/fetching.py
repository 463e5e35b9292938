"""Run the stage fetch in a process of its own that starts quickly and may be killed."""

import functools
import multiprocessing
import os
import resource
import signal
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path

from met_culture.common.cli import run
from met_culture.fetch import run as fetch_run
from met_culture.fetch import sources
from met_culture.fetch.__main__ import main
from met_culture.web.retry import RetryPolicy

# Seconds of the real waits, scaled down as the servers of the tests are.
SCALED = RetryPolicy(first_s=0.02, cap_s=1.0)
# A clean process that has imported everything forks the children, which start in some milliseconds.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["met_culture.fetch.__main__"])


def _fetch(folder: Path, file_limit: int | None) -> None:
    os.chdir(folder)
    # Who runs pytest in the background of a shell has it ignore Ctrl-C, and every child would.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    log = os.open("fetch.out", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if file_limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
    sys.argv = ["fetch", "data/raw", "metrics/fetch.json"]
    fetch_run.open_source = functools.partial(sources.open_source, policy=SCALED)
    run(main)


def start(folder: Path, file_limit: int | None = None) -> BaseProcess:
    """Start a fetch with the params.yaml of `folder`; what it prints goes to `fetch.out` there.

    Args:
        folder: Where it works.
        file_limit: Bytes that a file may have, beyond which writing fails as on a full disk.
    """
    child = CONTEXT.Process(target=_fetch, args=(folder, file_limit))
    child.start()
    return child


def finish(folder: Path, file_limit: int | None = None) -> int:
    """Run a fetch to its end and return its exit code."""
    child = start(folder, file_limit)
    child.join()
    return child.exitcode


def outputs(folder: Path) -> dict[str, bytes]:
    """Return the content of every tracked output, by its path."""
    files = [path for top in ("data", "metrics") for path in sorted((folder / top).rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
