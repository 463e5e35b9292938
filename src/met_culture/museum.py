"""Serve a museum folder in the shape of the Met's Collection API, on this machine only.

`python -m met_culture.museum DIR` serves DIR until Ctrl-C. A museum folder holds `records.jsonl` (one object of the
Collection API a line) and `images/<URL path>`. The URLs of its images lead to this server; `original_urls` turns
them back, so that no output of a run depends on the port.
"""

import json
import re
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
from met_culture.command import UserError, path_arguments, run
from met_culture.paths import IMAGES, RECORDS

PREFIX = "/public/collection"  # of the museum's own base URL; accepted and not needed
WINDOW = 10_000  # search results past it are null, as at the museum
LIMIT, MAX_LIMIT = 100, 500  # search results a page: by default, and at most, silently
IMAGE_KEYS = ("primaryImage", "primaryImageSmall")
_SERVED = re.compile(r"http://127\.0\.0\.1:\d+/images/(https?)/([^/]*)(.*)", re.DOTALL)


def original_url(url: str) -> str:
    """Return the museum's own URL of an image URL that a server of this module gave out; others unchanged."""
    return _SERVED.sub(r"\1://\2\3", url)


def original_urls(record: Any) -> Any:  # noqa: ANN401 - what JSON holds
    """Return a served record with the museum's own image URLs."""
    if not isinstance(record, dict):
        return record
    more = record.get("additionalImages")
    single = {key: original_url(record[key]) for key in IMAGE_KEYS if isinstance(record.get(key), str)}
    several = [original_url(url) if isinstance(url, str) else url for url in more] if isinstance(more, list) else more
    return record | single | ({"additionalImages": several} if "additionalImages" in record else {})


def read_records(folder: Path) -> dict[int, dict[str, Any]]:
    """Return the records of a museum folder by objectID, in ascending order.

    Raises:
        UserError: records.jsonl is missing, or a line is no record.
    """
    path, records = folder / RECORDS, {}
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # splitlines would cut at U+2028 within a title
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as a museum's records: {error}.") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            records[int(record["objectID"])] = record
        except (ValueError, TypeError, KeyError):
            raise UserError(f"{path}, line {number}: no JSON object with an objectID; mend or remove it.") from None
    return dict(sorted(records.items()))


class MuseumServer(ThreadingHTTPServer):
    """A server of one museum folder on 127.0.0.1; port 0 takes a free one."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int = 0) -> None:
        """Read the records and bind the port; `serve_forever` answers."""
        self.folder = folder.resolve()
        self.records = read_records(folder)
        super().__init__(("127.0.0.1", port), _Handler)

    @cached_property
    def url(self) -> str:
        """Base URL of the API."""
        return f"http://127.0.0.1:{self.server_port}"

    def served(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return the record with its image URLs leading here; the rest of each URL stays as it is."""
        here = {key: self._here(record[key]) for key in IMAGE_KEYS if record.get(key)}
        more = [self._here(url) for url in record.get("additionalImages") or []]
        return record | here | ({"additionalImages": more} if more else {})

    def _here(self, url: str) -> str:
        scheme, _, rest = url.partition("://")
        return f"{self.url}/images/{scheme}/{rest}"

    def image_file(self, path: str) -> Path | None:
        """Return the file of a decoded URL path `/images/<scheme>/<host>/<path>`, or None."""
        root = self.folder / IMAGES
        try:
            file = root.joinpath(*path.split("/")[4:]).resolve()
            return file if file.is_relative_to(root.resolve()) and file.is_file() else None
        except (OSError, ValueError):  # a name too long, or with a null byte
            return None

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
            if (not wanted or record.get("department") in names) and (record.get("metadataDate") or "") >= since
        ]
        return HTTPStatus.OK, {"total": len(ids), "objectIDs": ids}

    def object(self, object_id: str) -> tuple[int, Any]:
        """Answer `/v1/objects/{id}`."""
        record = self.records.get(int(object_id))
        if record is None:
            return HTTPStatus.NOT_FOUND, {"message": "ObjectID not found"}
        return HTTPStatus.OK, self.served(record)

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
        file = self.server.image_file(path)
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
