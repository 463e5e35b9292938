"""Which URLs may be requested. No answer from the network can widen these rules."""

import ipaddress
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import requests
from urllib3.util import Url, parse_url

from met_culture.web.errors import RefusedError

UNQUOTED = "/%:@!$&'()*+,;=~"  # allowed unquoted in a URL's path (RFC 3986); `%` starts what is quoted already
PORTS = {"http": 80, "https": 443}
# A server's name in a URL without what parsers read differently: blanks, control characters, `\\`, `@` and `%`.
PLAIN_SERVER = re.compile(r"https?://[^\x00-\x20\x7f\\@%/?#]+(?=[/?#]|\Z)", re.IGNORECASE)
# Returns a URL as it is requested, or raises RefusedError if it must not be. The second argument is the URL that
# redirected there, or None.
UrlCheck = Callable[[str, str | None], str]


def canonical(url: str) -> str:
    """Return a URL as the client requests it: the server's name in lower case and ASCII, the path quoted.

    The library that connects parses it, so that what is checked is what is requested.

    Raises:
        RefusedError: No http or https URL, or a server that two parsers may read differently.
    """
    prepared = requests.PreparedRequest()
    try:
        prepared.prepare_url(url, None)
        parts = parse_url(prepared.url or "")
        port = parse_url(url).port  # a prepared URL drops port 0
    except ValueError:
        raise RefusedError("no valid URL") from None
    if not PLAIN_SERVER.match(url) or not parts.host or parts.host.endswith(".") or port == 0:
        raise RefusedError("no valid URL of a server")
    return parts.url


def _server(parts: Url) -> tuple[str | None, int | None]:
    return parts.host, parts.port or PORTS.get(parts.scheme or "")


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

    def check_api(self, url: str, redirected_from: str | None) -> str:
        """Allow the API's own host, over https if the API itself is reached so."""
        del redirected_from
        checked = canonical(url)
        api, requested = parse_url(self.api), parse_url(checked)
        if _server(requested) != _server(api) or requested.scheme not in ("https", api.scheme):
            raise RefusedError(f"a redirect to {_origin(url)}, which is not fetch.api")
        return checked

    def check_image(self, url: str, redirected_from: str | None) -> str:
        """Allow the image hosts over https; allow this machine over http if the API and the redirect are on it, too."""
        try:
            checked = canonical(url)
        except RefusedError:
            raise refused_image(url) from None
        parts = parse_url(checked)
        if parts.scheme == "https" and parts.host in self.image_hosts and _server(parts)[1] == PORTS["https"]:
            return checked
        from_here = is_loopback(self.api) and is_loopback(redirected_from or self.api)
        if not (from_here and parts.scheme == "http" and is_loopback(checked)):
            raise refused_image(url)
        return checked

    def image_address(self, url: str) -> str:
        """Return the URL at which an allowed image is requested: an API on this machine also replaces the image hosts.

        It serves `https://<host>/<path>` as `/images/https/<host>/<path>`, so that no test reaches the network.
        """
        if not is_loopback(self.api) or is_loopback(url):
            return url
        scheme, _, rest = url.partition("://")
        return f"{self.api}/images/{scheme.lower()}/{rest}"


def _is_public_name(host: str) -> bool:
    """Return whether a host is a name with a dot: no number, in any of the ways to write one, and not this machine."""
    try:
        socket.inet_aton(host)  # accepts 127.1 and 2130706433, too
    except OSError:
        return "." in host and ":" not in host and not host.endswith((".localhost", ".localdomain"))
    return False


def check_file(url: str, redirected_from: str | None) -> str:
    """Allow a catalogue on any named host over https, as storage services redirect to hosts that change.

    A file on this machine is allowed if the user configured it, but not if another host redirects to it. A redirect
    keeps to the port of https, or to the server that it comes from.
    """
    checked = canonical(url)
    parts = parse_url(checked)
    if is_loopback(redirected_from or checked) and is_loopback(checked):
        return checked
    same_server = redirected_from is None or _server(parts) == _server(parse_url(redirected_from))
    usual = same_server or _server(parts)[1] == PORTS["https"]
    if parts.scheme != "https" or not _is_public_name(parts.host or "") or not usual:
        raise RefusedError(f"{_origin(url)} is not requested, because it is not a named host over https")
    return checked


def is_loopback(url: str) -> bool:
    """Return whether the host of `url` is this machine."""
    try:
        host = (parse_url(url).host or "").strip("[]")
    except ValueError:
        return False
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
