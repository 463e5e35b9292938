"""Which URLs may be requested. No answer from the network can widen these rules."""

import ipaddress
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from met_culture.web.errors import RefusedError

UNQUOTED = "/%:@!$&'()*+,;=~"  # stay unquoted in a URL's path (RFC 3986); `%` starts a character that is already quoted
# Raises RefusedError unless a URL may be requested. The second argument is the URL that redirected there, or None.
UrlCheck = Callable[[str, str | None], None]


def _origin(url: str) -> str:
    # The port of a server on this machine varies between runs, and messages may reach tracked outputs.
    return "this machine" if is_loopback(url) else f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"


def refused_image(url: str) -> RefusedError:
    """Return the error for an image whose URL must not be requested."""
    try:
        return RefusedError(f"{_origin(url)} is not one of fetch.image_hosts over https")
    except ValueError as error:
        return RefusedError(f"no URL ({error})")


@dataclass(frozen=True)
class Hosts:
    """The hosts of one client.

    Attributes:
        api: Base URL of the API.
        image_hosts: Hosts that images may come from, over https only.
    """

    api: str
    image_hosts: tuple[str, ...]

    def check_api(self, url: str, redirected_from: str | None) -> None:
        """Allow the API's own host, over https if the API's URL is https."""
        del redirected_from
        api, requested = urlsplit(self.api), urlsplit(url)
        if requested.netloc != api.netloc or requested.scheme not in ("https", api.scheme):
            raise RefusedError(f"a redirect to {_origin(url)}, which is not fetch.api")

    def check_image(self, url: str, redirected_from: str | None) -> None:
        """Allow the image hosts over https, and this machine over http if the API and the redirecting URL are on it."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise RefusedError(f"no URL ({error})") from None
        # False for blanks and control characters, which urlsplit drops and other parsers might not.
        intact = url.lower().startswith(f"{parts.scheme}://{parts.netloc.lower()}/")
        named = intact and parts.username is None and parts.hostname in self.image_hosts
        if named and parts.scheme == "https" and port in (None, 443):
            return
        from_here = is_loopback(self.api) and is_loopback(redirected_from or self.api)
        if not (from_here and intact and parts.scheme == "http" and is_loopback(url)):
            raise refused_image(url)

    def image_address(self, url: str) -> str:
        """Return the URL at which an allowed image is requested: an API on this machine also replaces the image hosts.

        It serves `https://<host>/<path>` as `/images/https/<host>/<path>`, so that no test reaches the network.
        """
        if not is_loopback(self.api) or is_loopback(url):
            return url
        scheme, _, rest = url.partition("://")
        return f"{self.api}/images/{scheme.lower()}/{rest}"


def _is_address(url: str) -> bool:
    """Return whether the host is an IP address or localhost, in any notation."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        socket.inet_aton(host)  # accepts 127.1 and 2130706433, too
    except OSError:
        return ":" in host or host == "localhost"
    return True


def check_file(url: str, redirected_from: str | None) -> None:
    """Allow a catalogue on any named host over https, because storage services redirect to changing hosts.

    A file on this machine is allowed if the user configured it, but not if another host redirects to it.
    """
    here = is_loopback(redirected_from or url)
    if not (here and is_loopback(url)) and (not url.startswith("https://") or _is_address(url)):
        raise RefusedError(f"{_origin(url)} is not requested, because it is not a named host over https")


def is_loopback(url: str) -> bool:
    """Return whether the host of `url` is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def quoted(url: str) -> str:
    """Return `url` with its path quoted exactly once: quoted parts stay, a bare `%` becomes `%25`."""
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    path = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", path)
    return f"{scheme}://{host}/{quote(path, safe=UNQUOTED)}"
