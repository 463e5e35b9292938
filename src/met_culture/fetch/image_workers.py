"""Threads that fetch images from a queue, while the main thread goes on with the records."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable

from met_culture.web.errors import StoppedError

QUEUE_SIZE = 1000  # images that may wait for a thread; if the queue is full, the records wait
END_S = 5.0  # seconds for running requests to end


class ImageWorkers:
    """A pool of threads. An error in a thread stops the pool, and is raised in the main thread."""

    def __init__(self, number: int, fetch: Callable[[str], None], stop: Callable[[], None]) -> None:
        """Start the threads.

        Args:
            number: Number of threads.
            fetch: Fetches the image of one URL, in one of the threads.
            stop: Lets no further request start.
        """
        self._fetch, self._stop = fetch, stop
        self._urls: queue.Queue[str | None] = queue.Queue(QUEUE_SIZE)
        self._error: BaseException | None = None
        self._threads = [
            threading.Thread(target=self._run, daemon=True, name="met_culture image") for _ in range(number)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, url: str | None) -> None:
        """Queue an image; waits while the queue is full.

        Raises:
            BaseException: What a thread raised.
        """
        while True:
            self.raise_error()
            try:
                self._urls.put(url, timeout=0.5)
            except queue.Full:
                continue
            return

    def finish(self) -> None:
        """Wait until all images are fetched; raises what a thread raised."""
        for _ in self._threads:
            self.put(None)
        for thread in self._threads:
            thread.join()
        self.raise_error()

    def abandon(self) -> None:
        """Start no further request, and give running ones `END_S` to end."""
        self._stop()
        with contextlib.suppress(queue.Empty):
            while True:
                self._urls.get_nowait()
        for _ in self._threads:
            self._urls.put(None)
        deadline = time.monotonic() + END_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def raise_error(self) -> None:
        """Raise what a thread raised, if any did."""
        if self._error:
            raise self._error

    def _run(self) -> None:
        try:
            while (url := self._urls.get()) is not None:
                self._fetch(url)
        except StoppedError:
            pass
        except BaseException as error:
            self._error = error
            self._stop()
