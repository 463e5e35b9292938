import pytest

from met_culture.web.url_policy import is_loopback, quoted


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h/a b.jpg", "https://h/a%20b.jpg"),
        ("https://h/a%20b.jpg", "https://h/a%20b.jpg"),
        ("https://h/100%.jpg", "https://h/100%25.jpg"),
        ("https://h/18–24, (x)[1]&+.jpg ", "https://h/18%E2%80%9324,%20(x)%5B1%5D&+.jpg%20"),
        ("https://h/a?b#c.jpg", "https://h/a%3Fb%23c.jpg"),
    ],
)
def test_paths_are_quoted_exactly_once(url: str, expected: str) -> None:
    assert quoted(url) == expected
    assert quoted(quoted(url)) == expected


def test_loopback() -> None:
    assert all(map(is_loopback, ("http://127.0.0.1:8/x", "http://localhost", "http://[::1]:5/", "http://127.9.9.9")))
    assert not any(map(is_loopback, ("https://metmuseum.org", "http://10.0.0.1", "http://localhost.example", "x")))
