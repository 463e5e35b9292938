"""The errors of everything that is read over HTTP."""


class FetchError(Exception):
    """A request failed after its last retry; the message is one clause, without the URL or a full stop."""


class RefusedError(FetchError):
    """The URL must not be requested, or the body is too large; a retry would not help."""


class GoneError(FetchError):
    """The source has no such record or image."""


class StoppedError(Exception):
    """The fetch is ending; no further request is sent."""


class TooLargeError(Exception):
    """The body exceeds its limit, which the message names."""


class BrokenError(Exception):
    """No whole answer arrived in time; the message is one clause without an address."""


class UnreachableError(BrokenError):
    """The host accepted no connection."""
