"""Simulate the Met's Collection API and image host on this machine, from a museum folder.

`python -m met_culture.museum DIR` serves DIR, a folder with `records.jsonl` and `images/`, until Ctrl-C.
`python -m met_culture.museum DIR --limit 80` blocks clients that are too fast, as the museum does.
"""

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from met_culture.common.cli import path_parser, run
from met_culture.common.errors import UserError
from met_culture.common.terminal import print_line
from met_culture.museum.behavior import ServerBehavior
from met_culture.museum.server import MuseumServer


def _arguments() -> argparse.Namespace:
    parser = path_parser(__doc__, "folder", prog="python -m met_culture.museum")
    add = parser.add_argument
    add("--port", type=int, default=0, help="port of 127.0.0.1 (default: 0, a free one)")
    add("--limit", type=int, metavar="N", help="API requests per window; one more starts a block (default: no limit)")
    add("--window", type=float, default=60, metavar="S", help="seconds that the limit looks back (default: 60)")
    add("--block", type=float, default=60, metavar="S", help="seconds that a block lasts (default: 60)")
    add("--blocked-at-start", action="store_true", help="let the first API request meet a block")
    add(
        "--faults", type=float, default=0, metavar="FRACTION", help="requests with a faulty answer, 0 to 1 (default: 0)"
    )
    add("--gone", type=float, default=0, metavar="FRACTION", help="listed ids without a record, 0 to 1 (default: 0)")
    add("--latency", type=float, default=0, metavar="S", help="seconds before every answer (default: 0)")
    add("--seed", type=int, default=0, metavar="N", help="seed of faults and gone records (default: 0)")
    add(
        "--log",
        type=Path,
        metavar="FILE",
        help="file for a line of JSON per request, replaced at the start (default: none)",
    )
    arguments = parser.parse_args()
    if not 0 <= arguments.port < 2**16:
        parser.error("argument --port: must be from 0 to 65535")
    try:
        _behavior(arguments, None)
    except ValueError as error:
        parser.error(str(error))
    return arguments


def _behavior(arguments: argparse.Namespace, log: TextIO | None) -> ServerBehavior:
    return ServerBehavior(
        limit=arguments.limit,
        window_s=arguments.window,
        block_s=arguments.block,
        blocked_at_start=arguments.blocked_at_start,
        faults=arguments.faults,
        gone=arguments.gone,
        latency_s=arguments.latency,
        seed=arguments.seed,
        log=log,
        keep_log=False,
    )


def _open_log(path: Path) -> TextIO:
    try:
        return path.open(
            "w", encoding="utf-8", buffering=1
        )  # whole lines, so that other programs can read the file while it grows
    except OSError as error:
        raise UserError(f"--log {path} cannot be written: {error.strerror or error}.") from None


def main() -> None:
    """Serve a museum folder until Ctrl-C."""
    arguments = _arguments()
    with ExitStack() as stack:
        log = stack.enter_context(_open_log(arguments.log)) if arguments.log else None
        behavior = _behavior(arguments, log)
        try:
            server = stack.enter_context(MuseumServer.of_folder(arguments.folder, arguments.port, behavior))
        except OSError as error:
            raise UserError(f"--port {arguments.port}: {error.strerror}; give another, or none.") from None
        print_line(f"{len(server.api.records)} objects of {arguments.folder} at {server.url} (stop with Ctrl-C)")
        print_line(f"set fetch.source: met and fetch.api: {server.url} to fetch from it")
        server.serve_forever()


if __name__ == "__main__":
    run(main)
