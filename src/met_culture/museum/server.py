"""The HTTP server of the simulated museum, on this machine only: answers of `api.py`, changed by `behavior.py`."""

import hashlib
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote

from met_culture.common.paths import IMAGES
from met_culture.fetch.folder import image_file, read_image
from met_culture.fetch.museum_records import MuseumRecords
from met_culture.images.check import ImageError, check_image
from met_culture.museum.api import Answer, MuseumApi, page
from met_culture.museum.behavior import Host, Request, ServerBehavior
from met_culture.museum.faults import LAST, TRICKLE_S, block_page, faulty, pieces
from met_culture.web.errors import GoneError

Records = Mapping[int, dict[str, Any]]
ReadImage = Callable[[str], bytes | None]  # takes a decoded URL path, `/images/<scheme>/<host>/<path>`


def _read_image(folder: Path, path: str) -> bytes | None:
    path = "/".join(path.split("/")[4:])
    try:
        file, data = image_file(folder, path), read_image(folder, path)
        # A link out of the folder, as DVC makes them, must not serve what is no image.
        if file and data and not file.resolve().is_relative_to((folder / IMAGES).resolve()):
            check_image(data)
    except (GoneError, ImageError):
        return None
    return data


class MuseumServer(ThreadingHTTPServer):
    """A server of one collection on 127.0.0.1."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, records: Records, read_image: ReadImage, port: int = 0, behavior: ServerBehavior | None = None
    ) -> None:
        """Bind the port; `serve_forever` answers.

        Args:
            records: By objectID, in ascending order; several threads read them.
            read_image: Returns the image of a decoded URL path, `/images/<scheme>/<host>/<path>`, or None.
            port: 0 takes a free one.
            behavior: By default every request gets a good answer at once, and no log is kept.
        """
        self.read_image, self.behavior = read_image, behavior or ServerBehavior(keep_log=False)
        self.closing = threading.Event()
        super().__init__(("127.0.0.1", port), _Handler)
        self.api = MuseumApi(records, self.behavior.is_gone)

    @classmethod
    def of_folder(cls, folder: Path, port: int = 0, behavior: ServerBehavior | None = None) -> Self:
        """Return a server of a museum folder.

        Raises:
            UserError: The folder's records cannot be read.
        """
        return cls(MuseumRecords(folder), partial(_read_image, folder), port, behavior)

    @cached_property
    def url(self) -> str:
        """Base URL of the API."""
        return f"http://127.0.0.1:{self.server_port}"

    def server_close(self) -> None:
        """Close the port, and end the waits of answers that have not been sent yet."""
        self.closing.set()
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as inherited
        """Print nothing if a client closed its connection early."""
        if not isinstance(sys.exception(), ConnectionError) and not self.closing.is_set():
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: MuseumServer
    timeout = 60  # seconds that an idle connection keeps its thread
    disable_nagle_algorithm = True  # else each answer waits for the client's delayed acknowledgement

    def do_GET(self) -> None:
        raw, _, query = self.path.partition("?")
        path, behavior = unquote(raw), self.server.behavior
        host: Host = "images" if path.startswith("/images/") else "api"
        request = behavior.admit(host, self.path, self.headers.get("User-Agent", ""))
        answer = block_page() if request.blocked else faulty(request.fault, self._answer(request, path, query))
        self.server.closing.wait(behavior.latency_s)
        if self.server.closing.is_set():
            self.close_connection = True
            return
        # Logged before it is sent, so that a client with the answer can find it in the log.
        behavior.note(replace(request, status=0 if request.fault == "dropped" else answer.status))
        self._send(request.fault, answer)

    def _answer(self, request: Request, path: str, query: str) -> Answer:
        if request.host == "images":
            return self._image(path)
        if request.fault == "other_record":
            return self.server.api.other_object(path)
        return self.server.api.answer(path, {key: values[-1] for key, values in parse_qs(query).items()})

    def _image(self, path: str) -> Answer:
        body = self.server.read_image(path)
        if body is None:
            return page(HTTPStatus.NOT_FOUND, "404 Not Found")
        etag = hashlib.blake2b(body, digest_size=8).hexdigest()
        return Answer(HTTPStatus.OK, "image/jpeg", body, f'ETag: "{etag}"\r\n')

    def _send(self, fault: str, answer: Answer) -> None:
        self.close_connection |= fault in LAST
        for number, piece in enumerate(pieces(fault, answer)):
            if number and self.server.closing.wait(TRICKLE_S):
                return
            self.wfile.write(piece)

    def log_message(self, *args: object) -> None:
        """Print nothing: a fetch would print thousands of lines."""


@contextmanager
def running(server: MuseumServer) -> Iterator[str]:
    """Run a server while the context is open, and close it; yields the base URL of the API."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def serving(folder: Path, behavior: ServerBehavior | None = None) -> Iterator[str]:
    """Serve a museum folder on a free port while the context is open; yields the base URL of the API."""
    with running(MuseumServer.of_folder(folder, behavior=behavior)) as url:
        yield url
