"""Questions about a URL: does it stay on this machine, and how is its path quoted."""

import ipaddress
import re
from urllib.parse import quote, urlsplit

UNQUOTED = "/%:@!$&'()*+,;=~"  # may stand in a URL's path as they are (RFC 3986), or start what is quoted already


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
