"""Serve a museum folder in the shape of the Met's Collection API, on this machine only.

`python -m met_culture.museum DIR` serves DIR until Ctrl-C. `museum_folder` says what a museum folder is.
"""

import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from met_culture.catalogue import DEPARTMENTS, matches
from met_culture.command import path_arguments, run
from met_culture.museum_folder import image_file, read_records, served

PREFIX = "/public/collection"  # of the museum's own base URL; accepted and not needed
WINDOW = 10_000  # search results past it are null, as at the museum
LIMIT, MAX_LIMIT = 100, 500  # search results a page: by default, and at most, silently


class MuseumServer(ThreadingHTTPServer):
    """A server of one museum folder on 127.0.0.1; port 0 takes a free one."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int = 0) -> None:
        """Read the records and bind the port; `serve_forever` answers."""
        self.folder = folder
        self.records = read_records(folder)
        super().__init__(("127.0.0.1", port), _Handler)

    @cached_property
    def url(self) -> str:
        """Base URL of the API."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as inherited
        """Keep quiet about a client that went away; that is its right."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def objects(self, query: dict[str, str]) -> tuple[int, Any]:
        """Answer `/v1/objects`: the ids, of some departments or of all."""
        wanted = query.get("departmentIds", "")
        if wanted and not re.fullmatch(r"\d+(\|\d+)*", wanted):
            return HTTPStatus.BAD_GATEWAY, "<html><body>502 Bad Gateway</body></html>"
        since = query.get("metadataDate", "")
        if since and not re.fullmatch(r"\d{4}-\d\d-\d\d", since):
            return HTTPStatus.BAD_REQUEST, "invalid metadataDate"
        names = {DEPARTMENTS.get(int(number)) for number in wanted.split("|") if number}
        ids = [
            object_id
            for object_id, record in self.records.items()
            if (not wanted or record.get("department") in names) and str(record.get("metadataDate") or "") >= since
        ]
        return HTTPStatus.OK, {"total": len(ids), "objectIDs": ids}

    def object(self, object_id: str) -> tuple[int, Any]:
        """Answer `/v1/objects/{id}`."""
        record = self.records.get(int(object_id))
        if record is None:
            return HTTPStatus.NOT_FOUND, {"message": "ObjectID not found"}
        return HTTPStatus.OK, served(record, self.url)

    def search(self, query: dict[str, str]) -> tuple[int, Any]:
        """Answer `/v1.1/search`: one page of the ids that match; null past the window."""
        ids = [object_id for object_id, record in self.records.items() if matches(record, query)]
        offset, limit = (query.get(key, "") for key in ("offset", "limit"))
        start = int(offset) if offset.isdigit() else 0
        count = min(int(limit) if limit.isdigit() else LIMIT, MAX_LIMIT)
        page = ids[start : min(start + count, WINDOW)]
        return HTTPStatus.OK, {"total": len(ids), "objectIDs": page or None}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: MuseumServer
    timeout = 60  # seconds that an idle connection keeps its thread
    disable_nagle_algorithm = True  # else each answer waits for the client's delayed acknowledgement

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        if path.startswith("/images/"):
            return self._send_image(path)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        return self._send_json(*self._answer(path.removeprefix(PREFIX), query))

    def _answer(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        if path == "/v1/objects":
            return self.server.objects(query)
        if match := re.fullmatch(r"/v1/objects/(\d{1,18})", path):
            return self.server.object(match[1])
        if path == "/v1/departments":
            listed = [{"departmentId": key, "displayName": name} for key, name in DEPARTMENTS.items()]
            return HTTPStatus.OK, {"departments": listed}
        if path == "/v1.1/search":
            return self.server.search(query)
        if path == "/v1/search":
            return HTTPStatus.GONE, {"message": "Gone: use /v1.1/search"}
        return HTTPStatus.NOT_FOUND, {"message": "Not found"}

    def _send_json(self, status: int, content: Any) -> None:  # noqa: ANN401 - what JSON holds
        html = isinstance(content, str) and content.startswith("<")
        body = content.encode() if html else json.dumps(content).encode()
        self._send(status, "text/html" if html else "application/json", body)

    def _send_image(self, path: str) -> None:
        file = image_file(self.server.folder, path)
        if file is None:
            return self._send(HTTPStatus.NOT_FOUND, "text/html", b"<html><body>404 Not Found</body></html>")
        return self._send(HTTPStatus.OK, "image/jpeg", file.read_bytes())

    def _send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Keep quiet: a fetch of the sample would print a thousand lines."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve `folder` on a free port while the context is open; yields the base URL of the API."""
    with MuseumServer(folder) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            thread.join()


def main() -> None:
    """Serve a museum folder until Ctrl-C."""
    folder = path_arguments(__doc__, "folder").folder
    with MuseumServer(folder) as server:
        print(f"{len(server.records)} objects of {folder} at {server.url} (stop with Ctrl-C)", flush=True)
        print(f"set fetch.source: met and fetch.api: {server.url} to fetch from it", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    run(main)
