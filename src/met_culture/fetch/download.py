"""Fetch records and their images at the same time: records one by one at the API's pace, images by several threads."""

import contextlib
import queue
import threading
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from tqdm import tqdm

from met_culture.common.errors import UserError
from met_culture.fetch.candidates import is_candidate
from met_culture.fetch.params import CandidateRule
from met_culture.fetch.records import RecordError, to_row
from met_culture.fetch.state import Scratch
from met_culture.images.check import BrokenImageError, ImageError
from met_culture.museum.urls import original_urls
from met_culture.web.client import Client
from met_culture.web.rate_limit import StoppedError
from met_culture.web.url_policy import FetchError, RefusedError

MAX_RECORD = 5_000_000  # bytes; records take 2 to 20 kB
GIVE_UP_AFTER = 3  # failures in a row, each after all its tries; then the host is down, and going on would burden it
AHEAD = 1000  # images that may wait for a thread; then records wait
DECODING = 2  # threads beyond the requests at once, which decode and write meanwhile
END_S = 5.0  # seconds that requests under way get at the end


def settle_record(scratch: Scratch, api: str, object_id: int, record: Any) -> None:  # noqa: ANN401 - what JSON holds
    """Remember a record that arrived: its columns, and the URL of its image.

    A URL below the API itself is remembered without the API's address, as a server on this machine changes its port.
    """
    try:
        columns = to_row(original_urls(record), object_id)
    except RecordError as error:
        scratch.write_record(object_id, "record_malformed", str(error), None, None)
        return
    if columns["primaryImageSmall"]:
        url = record["primaryImageSmall"].encode(errors="replace").decode()  # lone surrogates, as in the columns
        scratch.write_record(object_id, "ok", None, columns, url.removeprefix(api))
    else:
        scratch.write_record(object_id, "no_image", "the record names no image", columns, None)


class Download:
    """One pass over the objects, which leaves everything in the scratch folder."""

    def __init__(
        self,
        client: Client,
        scratch: Scratch,
        rules: tuple[CandidateRule, ...],
        bar: "tqdm[Any]",
        *,
        own: bool = False,
    ) -> None:
        """Prepare; `run` does it.

        Args:
            client: Of the source.
            scratch: What is known, and where all goes.
            rules: Records that fit none of them get no image.
            bar: Shows the progress; its total is the number of objects.
            own: Whether the server is one of ours, which does not block and is never down.
        """
        self.client, self.scratch, self.rules, self.bar, self.own = client, scratch, rules, bar, own
        self.kept = self.without = 0
        self._in_a_row = {"record": 0, "image": 0}
        self._may_give_up = not own
        self._urls: queue.Queue[str | None] = queue.Queue(AHEAD)
        self._counting = threading.Lock()
        self._error: BaseException | None = None

    def run(self, ids: Iterable[int], outdated: set[int], refreshed_in: int) -> None:
        """Fetch what is not settled; what failed in an earlier run comes last.

        Args:
            ids: The objects.
            outdated: Those whose record may have changed.
            refreshed_in: Run from which on an outdated record was asked for again already.

        Raises:
            UserError: Too many failures in a row. What was fetched stays, and the next run continues.
            OSError: The disk is full, or the like.
        """
        number = self.client.image_pace.parallel + DECODING
        threads = [threading.Thread(target=self._work, daemon=True, name="met_culture image") for _ in range(number)]
        for thread in threads:
            thread.start()
        try:
            late = [each for each in ids if not self._settle(each, outdated, refreshed_in)]
            # Three that always fail must not keep the rest, or the outputs, from ever being done.
            self._may_give_up = False
            for object_id in late:
                self._settle(object_id, outdated, refreshed_in, late=True)
            for _ in threads:
                self._put(None)
            for thread in threads:
                thread.join()
            self._raise_error()
        except BaseException:
            self._abandon(threads)
            self._raise_error()  # which may have stopped the main thread, too
            raise

    def _abandon(self, threads: list[threading.Thread]) -> None:
        """Send nothing more, and let what is under way come to its end."""
        self.client.stop()
        with contextlib.suppress(queue.Empty):
            while True:
                self._urls.get_nowait()
        for _ in threads:
            self._urls.put(None)
        deadline = time.monotonic() + END_S
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _settle(self, object_id: int, outdated: set[int], refreshed_in: int, *, late: bool = False) -> bool:
        """Ask for a record if need be and queue its image; returns False where that is to be done late."""
        known = self.scratch.record(object_id)
        failed = bool(known and known["failure"] and known["run"] < self.scratch.run)
        if failed and not late:
            return False
        if not known or failed or (object_id in outdated and known["run"] < refreshed_in):
            self._fetch_record(object_id)
            known = self.scratch.record(object_id)
        url, columns = known["url"], self.scratch.columns(known) if known["columns"] else None
        if columns and not is_candidate(columns, self.rules):
            self._count()
        elif not url:
            self._count(without=1)
        elif self.scratch.has_failed(url) and not late:
            return False
        elif self.scratch.claim_image(url, columns["metadataDate"]):
            self._put(url)
        else:
            kept = self.scratch.image_status(url) in ("ok", "waiting")  # claimed for another object
            self._count(kept=kept, without=not kept)
        return True

    def _fetch_record(self, object_id: int) -> None:
        def wrong(record: Any) -> str | None:  # noqa: ANN401 - what JSON holds
            answered = record.get("objectID") if isinstance(record, dict) else None
            return None if answered == object_id else f"the record of {str(answered)[:20]} instead"

        try:
            status, record = self.client.get_api(f"/v1/objects/{object_id}", max_bytes=MAX_RECORD, check=wrong)
            if status not in (HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                raise FetchError(f"answered status {status}")
        except FetchError as error:
            self.scratch.write_no_record(object_id, str(error))
            self._note_failure("record", str(error))
            return
        self._in_a_row["record"] = 0
        if status == HTTPStatus.OK:
            settle_record(self.scratch, self.client.api, object_id, record)
        else:
            reason = f"{status}: the museum has no such object"
            self.scratch.write_record(object_id, "record_gone", reason, None, None)

    def _put(self, url: str | None) -> None:
        while True:
            self._raise_error()
            try:
                self._urls.put(url, timeout=0.5)
            except queue.Full:
                continue
            return

    def _raise_error(self) -> None:
        if self._error:
            raise self._error

    def _work(self) -> None:
        try:
            while (url := self._urls.get()) is not None:
                self._fetch_image(url)
        except StoppedError:
            pass
        except BaseException as error:  # the main thread raises it
            self._error = error
            self.client.stop()

    def _fetch_image(self, url: str) -> None:
        try:
            status, data, size = self.client.get_image(self.client.api + url if url.startswith("/") else url)
            if status not in (HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                raise FetchError(f"answered status {status}")
        except (FetchError, ImageError) as error:
            refused = isinstance(error, RefusedError | ImageError)
            # What parameters or the host's mood may change is asked again by the next run; our own server has none.
            settled = isinstance(error, ImageError) and (self.own or not isinstance(error, BrokenImageError))
            kind = "image_refused" if refused else "image_failed"
            self.scratch.write_no_image(url, kind, str(error), settled=settled)
            self._count(without=1)
            if not settled:
                self._note_failure("image", str(error))
            return
        self._in_a_row["image"] = 0
        if status == HTTPStatus.OK:
            self.scratch.write_image(url, data, size)
        else:
            self.scratch.write_no_image(url, "image_gone", f"{status}: dead link", settled=True)
        self._count(kept=status == HTTPStatus.OK, without=status != HTTPStatus.OK)

    def _note_failure(self, kind: str, reason: str) -> None:
        self._in_a_row[kind] += 1
        if self._may_give_up and self._in_a_row[kind] >= GIVE_UP_AFTER:
            raise UserError(f"{GIVE_UP_AFTER} {kind}s in a row failed, the last one: {reason}; run again to continue.")

    def _count(self, *, kept: int = 0, without: int = 0) -> None:
        with self._counting:
            self.kept += kept
            self.without += without
            tally = {"kept": self.kept, "failed": self.without}
            if not self.own:
                tally["blocked"] = self.client.blocks
            self.bar.set_postfix(tally, refresh=False)
            self.bar.update()
