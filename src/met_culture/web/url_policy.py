"""Which hosts may be asked for what; nothing that the network says widens it."""

import ipaddress
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

UNQUOTED = "/%:@!$&'()*+,;=~"  # may stand in a URL's path as they are (RFC 3986), or start what is quoted already
# Raises RefusedError unless a URL may be asked. The second argument is the URL that redirected there, or None.
May = Callable[[str, str | None], None]


class FetchError(Exception):
    """A request that failed for good, after its retries; the message is one clause, without the URL or a full stop."""


class RefusedError(FetchError):
    """A URL that may not be asked for, or a body that is too large: asking again is no use."""


def _shown(url: str) -> str:
    # The port of a server on this machine varies between runs, and what is shown may reach tracked outputs.
    return "this machine" if is_loopback(url) else f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"


@dataclass(frozen=True)
class Hosts:
    """The hosts of one client.

    Attributes:
        api: Base URL of the API.
        image_hosts: Hosts that images may come from, over https only.
    """

    api: str
    image_hosts: tuple[str, ...]

    def may_ask_api(self, url: str, redirected_from: str | None) -> None:
        """Allow the API's own host, over https where the API is."""
        del redirected_from
        api, asked = urlsplit(self.api), urlsplit(url)
        if asked.netloc != api.netloc or asked.scheme not in ("https", api.scheme):
            raise RefusedError(f"a redirect to {_shown(url)}, which is not fetch.api")

    def may_ask_image(self, url: str, redirected_from: str | None) -> None:
        """Allow https and the image hosts; this machine over plain http only if the API is here, never from outside."""
        try:
            parts = urlsplit(url)
            port, plain = parts.port, url.lower().startswith(f"{parts.scheme}://{parts.netloc.lower()}/")
        except ValueError as error:
            raise RefusedError(f"no URL ({error})") from None
        # `plain` fails for blanks and control characters, which parsers drop and others might not.
        named = plain and parts.username is None and parts.hostname in self.image_hosts
        if named and parts.scheme == "https" and port in (None, 443):
            return
        from_here = is_loopback(self.api) and is_loopback(redirected_from or self.api)
        if not (from_here and plain and parts.scheme == "http" and is_loopback(url)):
            raise RefusedError(f"{_shown(url)} is not one of fetch.image_hosts over https")


def _is_address(url: str) -> bool:
    """Return whether the host is a number instead of a name; all the ways to write this machine's are."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        socket.inet_aton(host)  # takes 127.1 and 2130706433, too
    except OSError:
        return ":" in host or host == "localhost"
    return True


def may_ask_file(url: str, redirected_from: str | None) -> None:
    """Allow what a user configured as a catalogue's address, and redirects to any https host, but none to this machine.

    Such files lie on storage services, whose hosts change.
    """
    here = is_loopback(redirected_from or url)
    if not (here and is_loopback(url)) and (not url.startswith("https://") or _is_address(url)):
        raise RefusedError(f"{_shown(url)} is not asked, as it is no named host over https")


def is_loopback(url: str) -> bool:
    """Return whether the host of `url` is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def quoted(url: str) -> str:
    """Return `url` with its path quoted exactly once: what is quoted already stays, a bare `%` becomes `%25`."""
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    path = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", path)
    return f"{scheme}://{host}/{quote(path, safe=UNQUOTED)}"
