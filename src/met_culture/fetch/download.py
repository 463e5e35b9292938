"""Fetch records and their images at the same time: records one by one, images by several threads."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tqdm import tqdm

from met_culture.common.errors import UserError
from met_culture.fetch.candidates import is_candidate
from met_culture.fetch.image_workers import ImageWorkers
from met_culture.fetch.params import CandidateRule
from met_culture.fetch.sources import Source
from met_culture.fetch.state import FetchState
from met_culture.images.check import BrokenImageError, ImageError
from met_culture.web.errors import FetchError, GoneError, RefusedError

GIVE_UP_AFTER = 3  # consecutive failures, each after all its attempts: the host is down, and requests would burden it
DECODING = 2  # threads that decode and write while the others wait for answers


@dataclass(frozen=True)
class Refresh:
    """Which records are requested again.

    Attributes:
        outdated: Objects whose record may have changed.
        first_run: A record that was requested in this run or later is up to date.
    """

    outdated: set[int] = field(default_factory=set)
    first_run: int = 0


class Download:
    """One pass over the objects, which stores all results in the state."""

    def __init__(
        self,
        source: Source,
        state: FetchState,
        rules: tuple[CandidateRule, ...],
        progress_bar: "tqdm[Any]",
        *,
        skip_refused: bool = False,
    ) -> None:
        """Prepare the pass; `run` starts it.

        Args:
            source: Where records and images come from.
            state: Holds earlier results, and receives the new ones.
            rules: The image of a record that fits no rule is not fetched.
            progress_bar: Its total is the number of objects.
            skip_refused: Images that must not be requested do not end the pass, however many follow one another.
        """
        self.source, self.state, self.rules, self.progress_bar = source, state, rules, progress_bar
        self.with_image = self.without_image = 0
        self._skip_refused = skip_refused
        self._failures = {"record": 0, "image": 0}  # consecutive ones
        self._may_give_up = source.is_remote
        self._count_lock = threading.Lock()

    def run(self, ids: Iterable[int], refresh: Refresh) -> None:
        """Fetch all records and images that are not settled; those that failed in an earlier run come last.

        Args:
            ids: The objects.
            refresh: Which of them are requested again.

        Raises:
            UserError: Too many consecutive failures. The results so far stay, and the next run continues.
            OSError: A file cannot be written, for example because the disk is full.
        """
        workers = ImageWorkers(self.source.parallel + DECODING, self._fetch_image, self.source.stop)
        try:
            postponed = [object_id for object_id in ids if not self._process(object_id, refresh, workers)]
            # Otherwise three objects that always fail would end every run before the outputs are built.
            self._may_give_up = False
            for object_id in postponed:
                self._process(object_id, refresh, workers, retry=True)
            workers.finish()
        except BaseException:
            workers.abandon()
            workers.raise_error()  # it may be the reason for this one
            raise

    def _process(self, object_id: int, refresh: Refresh, workers: ImageWorkers, *, retry: bool = False) -> bool:
        """Fetch a record if necessary, and queue its image.

        Returns:
            False if one of them failed in an earlier run and `retry` is False; then it was not fetched.
        """
        row = self.state.records.find(object_id)
        failed = bool(row and row["failure"] and row["run"] < self.state.run)
        if failed and not retry:
            return False
        if row is None or failed or (object_id in refresh.outdated and row["run"] < refresh.first_run):
            self._fetch_record(object_id)
        return self._queue_image(object_id, workers, retry=retry)

    def _queue_image(self, object_id: int, workers: ImageWorkers, *, retry: bool) -> bool:
        row = self.state.records.find(object_id)
        columns = self.state.records.columns(row) if row else None
        url = row["url"] if row else None
        images = self.state.images
        if columns and not is_candidate(columns, self.rules):
            self._count()
        elif not (columns and url):
            self._count(without_image=1)
        elif images.has_failed(url) and not retry:
            return False
        elif images.claim(url, columns.get("metadataDate") or ""):
            workers.put(url)
        elif images.status(url) in ("ok", "waiting"):  # claimed for another object
            self._count(with_image=1)
        else:
            self._count(without_image=1)
        return True

    def _fetch_record(self, object_id: int) -> None:
        try:
            record = self.source.record(object_id)
        except GoneError as error:
            self._failures["record"] = 0
            self.state.records.write(object_id, "record_gone", str(error), None, None)
        except FetchError as error:
            self.state.records.write_failure(object_id, str(error))
            self._note_failure("record", error)
        else:
            self._failures["record"] = 0
            self.state.records.store(object_id, record)

    def _fetch_image(self, url: str) -> None:
        """Fetch and store an image, in one of the threads."""
        try:
            data, size = self.source.image(url)
        except GoneError as error:
            self._failures["image"] = 0
            self.state.images.write_failure(url, "image_gone", str(error), settled=True)
            self._count(without_image=1)
        except (FetchError, ImageError) as error:
            self._store_image_failure(url, error)
        else:
            self._failures["image"] = 0
            self.state.images.write(url, data, size)
            self._count(with_image=1)

    def _store_image_failure(self, url: str, error: FetchError | ImageError) -> None:
        status = "image_refused" if isinstance(error, RefusedError | ImageError) else "image_failed"
        # Not settled, so tried again by the next run: failures that other parameters or a later time may change.
        settled = isinstance(error, ImageError) and not isinstance(error, BrokenImageError)
        self.state.images.write_failure(url, status, str(error), settled=settled)
        self._count(without_image=1)
        if not settled and not (self._skip_refused and isinstance(error, RefusedError)):
            self._note_failure("image", error)

    def _note_failure(self, kind: str, error: Exception) -> None:
        self._failures[kind] += 1
        if self._may_give_up and self._failures[kind] >= GIVE_UP_AFTER:
            raise UserError(
                f"{GIVE_UP_AFTER} consecutive {kind}s failed, the last one: {error}; run again to continue."
            )

    def _count(self, *, with_image: int = 0, without_image: int = 0) -> None:
        """Advance the progress bar by one object."""
        with self._count_lock:
            self.with_image += with_image
            self.without_image += without_image
            counts = {"kept": self.with_image, "failed": self.without_image}
            if self.source.is_remote:
                counts["blocked"] = self.source.blocks
            self.progress_bar.set_postfix(counts, refresh=False)
            self.progress_bar.update()
