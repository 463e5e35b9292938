"""The errors of everything that is read over HTTP."""


class FetchError(Exception):
    """A request that failed for good, after its retries; the message is one clause, without the URL or a full stop."""


class RefusedError(FetchError):
    """A URL that must not be requested, or a body that is too large; a retry would not help."""


class GoneError(FetchError):
    """The source answers, and has no such record or image."""


class StoppedError(Exception):
    """The fetch is ending; no further request is sent."""


class TooLargeError(Exception):
    """A body over the limit; the message says which limit."""


class BrokenError(Exception):
    """No answer, or not a whole one in time; the message is one clause without an address."""


class UnreachableError(BrokenError):
    """Not even a connection."""
