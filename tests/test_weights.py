import hashlib
from pathlib import Path

import pytest
from servers import answer, server

from met_culture import weights
from met_culture.common.errors import UserError
from met_culture.train.keras_applications import weights_path

BODY = b"weights"
DIGEST = hashlib.sha256(BODY).hexdigest()


def test_they_are_fetched_once(workspace: Path) -> None:
    with server(answer(BODY)) as (url, requests):
        for _ in range(2):
            assert Path(weights.fetch("x.h5", f"{url}/x.h5", file_hash=DIGEST, cache_subdir="models")) == weights_path(
                "x.h5"
            )
    assert weights_path("x.h5").read_bytes() == BODY
    assert len(requests) == 1


@pytest.mark.parametrize(("reply", "reason"), [(answer(b"other"), "its hash"), (answer(b"", "404 No"), "status 404")])
def test_other_content_is_not_kept(workspace: Path, reply: bytes, reason: str) -> None:
    with server(reply) as (url, _), pytest.raises(UserError, match=rf"x\.h5 cannot be fetched: {reason}"):
        weights.fetch("x.h5", f"{url}/x.h5", file_hash=DIGEST)
    assert list(weights_path("x.h5").parent.iterdir()) == []


def test_without_a_hash_nothing_is_requested(workspace: Path) -> None:
    with server(answer(BODY)) as (url, requests), pytest.raises(UserError, match="no hash"):
        weights.fetch("x.h5", f"{url}/x.h5")
    assert requests == []


def test_plain_http_elsewhere_is_refused(workspace: Path) -> None:
    with pytest.raises(UserError, match=r"cannot be fetched: http://example\.org is not requested"):
        weights.fetch("x.h5", "http://example.org/x.h5", file_hash=DIGEST)
