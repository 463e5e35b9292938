import pytest

from met_culture.web.errors import RefusedError
from met_culture.web.url_policy import Hosts, canonical, check_file

REAL = Hosts("https://collectionapi.metmuseum.org/public/collection", ("images.metmuseum.org",))
LOCAL = Hosts("http://127.0.0.1:8000", ("images.metmuseum.org",))
NUMBERS = "0.0.0.0 127.1 2130706433 169.254.169.254 [::ffff:127.0.0.1] localhost. 10.0.0.1"
IMAGE = "https://images.metmuseum.org/a.jpg"


@pytest.mark.parametrize(
    "url",
    [
        "http://images.metmuseum.org/a.jpg",
        "https://evil.example/a.jpg",
        "https://images.metmuseum.org@evil.example/a.jpg",
        "https://images.metmuseum.org:8443/a.jpg",
        "http://127.0.0.1:8000/a.jpg",
        "https://127.0.0.1/a.jpg",
        "http://[::1]/a.jpg",
        "file:///etc/passwd",
        "ftp://images.metmuseum.org/a.jpg",
        "images.metmuseum.org/a.jpg",
        "https://[::1/a.jpg",
        "https://images.metmuseum.org\t/a.jpg",
        "https://images\n.metmuseum.org/a.jpg",
        " https://images.metmuseum.org/a.jpg",
        "https://user@images.metmuseum.org/a.jpg",
        "https://images.metmuseum.org:99999999/a.jpg",
        "https://images.metmuseum.org:0/a.jpg",
        "https://\uff49mages.metmuseum.org/a.jpg",  # a wide letter
        "https://images.metmuseum.org./a.jpg",
        "https://images.metmuseum.org\\@evil.example/a.jpg",
        "https://evil.example\\@images.metmuseum.org/a.jpg",
        "https://images.metmuseum.org%2f@evil.example/a.jpg",
        "https://images.metmuseum.org\n",
        "https:\\\\images.metmuseum.org/a.jpg",
        "",
    ],
)
def test_images_come_from_known_hosts_only(url: str) -> None:
    with pytest.raises(RefusedError):
        REAL.check_image(url, None)


def test_the_image_hosts_over_https() -> None:
    for hosts in (REAL, LOCAL):
        hosts.check_image(IMAGE, None)
        hosts.check_image("https://Images.MetMuseum.org:443/a.jpg", None)
        hosts.check_image(IMAGE, IMAGE)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/a.jpg", "http://127.0.0.1:9/a.jpg", "http://localhost/a.jpg"])
def test_this_machine_serves_images_only_to_an_api_on_it(url: str) -> None:
    LOCAL.check_image(url, None)
    LOCAL.check_image(url, "http://127.0.0.1:8000/b.jpg")
    with pytest.raises(RefusedError):
        REAL.check_image(url, None)


@pytest.mark.parametrize("hosts", [REAL, LOCAL])
def test_no_redirect_leads_from_outside_to_this_machine(hosts: Hosts) -> None:
    with pytest.raises(RefusedError, match=r"^this machine is not one of fetch\.image_hosts over https$"):
        hosts.check_image("http://127.0.0.1:8000/a.jpg", IMAGE)


@pytest.mark.parametrize(
    ("url", "requested"),
    [
        ("https://Images.MetMuseum.org/a.jpg", "https://images.metmuseum.org/a.jpg"),
        ("https://images.metmuseum.org/a b.jpg", "https://images.metmuseum.org/a%20b.jpg"),
        ("https://images.metmuseum.org", "https://images.metmuseum.org/"),
        ("https://images.metmuseum.org/x/../a.jpg", "https://images.metmuseum.org/a.jpg"),
        ("https://images.metmuseum.org/\\@evil.example/a.jpg", "https://images.metmuseum.org/%5C@evil.example/a.jpg"),
    ],
)
def test_what_is_checked_is_what_is_requested(url: str, requested: str) -> None:
    assert REAL.check_image(url, None) == requested
    assert canonical(requested) == requested


@pytest.mark.parametrize("server", ["evil.example\\", "evil.example\\@", "evil.example#@", "evil.example%5c@", "x@"])
def test_no_parser_takes_another_host_for_this_machine(server: str) -> None:
    for address in (f"http://{server}127.0.0.1/x", f"http://{server}@127.0.0.1:8000/x"):
        for check in (LOCAL.check_image, LOCAL.check_api, check_file):
            with pytest.raises(RefusedError):
                check(address, LOCAL.api)


def test_an_api_on_this_machine_serves_the_images_too() -> None:
    assert REAL.image_address(IMAGE) == IMAGE
    assert LOCAL.image_address(IMAGE) == "http://127.0.0.1:8000/images/https/images.metmuseum.org/a.jpg"
    assert LOCAL.image_address("HTTPS://images.metmuseum.org/b c.jpg").endswith(
        "/images/https/images.metmuseum.org/b c.jpg"
    )
    assert LOCAL.image_address("http://127.0.0.1:9/a.jpg") == "http://127.0.0.1:9/a.jpg"


def test_the_api_redirects_to_itself_only() -> None:
    REAL.check_api(REAL.api + "/v1/objects/", REAL.api)
    LOCAL.check_api(LOCAL.api + "/v1/objects/", LOCAL.api)
    for url in ("https://evil.example/", "http://collectionapi.metmuseum.org/x", "http://127.0.0.1/"):
        with pytest.raises(RefusedError):
            REAL.check_api(url, REAL.api)


def test_catalogue_files_may_lie_on_any_https_host() -> None:
    check_file("https://storage.example/x.csv", "https://github.example/x.csv")
    check_file("http://127.0.0.1:8000/x.csv", None)
    check_file("https://storage.example:8443/x.csv", None)
    check_file("https://storage.example:8443/y.csv", "https://storage.example:8443/x.csv")


@pytest.mark.parametrize(
    ("url", "redirected_from"),
    [
        ("http://storage.example/x.csv", None),
        ("http://127.0.0.1/x.csv", "https://github.example/x.csv"),
        ("https://localhost/x.csv", "https://github.example/x.csv"),
        ("ftp://storage.example/x.csv", None),
        ("https://storage.example:8443/x.csv", "https://github.example/x.csv"),
        ("https://user@storage.example/x.csv", None),
        ("https://storage.example./x.csv", None),
        ("https://intranet/x.csv", "https://github.example/x.csv"),
        ("https://a.localhost/x.csv", "https://github.example/x.csv"),
        *((f"https://{host}/x.csv", "https://github.example/x.csv") for host in NUMBERS.split()),
    ],
)
def test_but_not_without_https_nor_here_by_redirect(url: str, redirected_from: str | None) -> None:
    with pytest.raises(RefusedError):
        check_file(url, redirected_from)
