import io
import json
import random
from collections import Counter
from typing import Any

import pytest

from met_culture.museum.behavior import IN_A_ROW, ServerBehavior
from met_culture.museum.faults import API_FAULTS, IMAGE_FAULTS, RECORD_FAULTS

RECORDS = [f"/v1/objects/{i}" for i in range(1, 501)]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def blocked(behavior: ServerBehavior, clock: Clock, *times: float) -> list[bool]:
    """Return for every time whether a request of the API meets a block."""
    drawn = []
    for clock.now in times:
        drawn.append(behavior.admit("api", "/v1/objects/1").blocked)
    return drawn


def test_by_default_everyone_is_treated_well() -> None:
    behavior = ServerBehavior()
    requests = [behavior.admit(host, path) for host in ("api", "images") for path in RECORDS]
    assert not any(request.blocked or request.fault for request in requests)
    assert not any(behavior.is_gone(i) for i in range(500))


def test_the_limit_rolls() -> None:
    clock = Clock()
    behavior = ServerBehavior(limit=3, window_s=60, block_s=10, clock=clock)
    assert blocked(behavior, clock, 0, 20, 40, 60, 80, 100) == [False] * 6
    assert blocked(behavior, clock, 110, 119.9, 120.1) == [True, True, False]


def test_asking_does_not_lengthen_a_block() -> None:
    clock = Clock()
    behavior = ServerBehavior(limit=1, clock=clock)
    assert blocked(behavior, clock, 0, 1, 30, 60.9, 61, 62) == [False, True, True, True, False, True]


def test_a_block_can_be_there_from_the_first_request() -> None:
    clock = Clock()
    behavior = ServerBehavior(blocked_at_start=True, block_s=5, clock=clock)
    assert blocked(behavior, clock, 7, 11.9, 12, 13, 99) == [True, True, False, False, False]


def test_images_are_never_limited() -> None:
    behavior = ServerBehavior(limit=1, blocked_at_start=True)
    assert blocked(behavior, Clock(), 0, 0) == [True, True]
    assert not any(behavior.admit("images", "/images/https/h/1.jpg").blocked for _ in range(100))


def faults(behavior: ServerBehavior, paths: list[str]) -> dict[str, list[str]]:
    drawn: dict[str, list[str]] = {}
    for path in paths:
        drawn.setdefault(path, []).append(behavior.admit("api", path).fault)
    return drawn


def test_faults_do_not_depend_on_the_order() -> None:
    paths = RECORDS * 5
    shuffled = random.Random(1).sample(paths, len(paths))  # noqa: S311 - no secret
    assert faults(ServerBehavior(faults=0.3, seed=4), paths) == faults(ServerBehavior(faults=0.3, seed=4), shuffled)
    assert faults(ServerBehavior(faults=0.3, seed=4), paths) != faults(ServerBehavior(faults=0.3, seed=5), paths)


def test_requests_that_meet_a_block_do_not_count_for_the_faults() -> None:
    clock, path = Clock(), RECORDS[0]
    free, limited = ServerBehavior(faults=0.5), ServerBehavior(faults=0.5, limit=1, window_s=1, block_s=1, clock=clock)
    drawn = []
    for clock.now in range(40):
        clock.now /= 2
        request = limited.admit("api", path)
        drawn += [] if request.blocked else [request.fault]
    assert 10 < len(drawn) < 40
    assert drawn == faults(free, [path] * len(drawn))[path]


def test_at_most_three_faults_in_a_row() -> None:
    for drawn in faults(ServerBehavior(faults=1), RECORDS * 9).values():
        assert [bool(fault) for fault in drawn] == [True, True, True, False] * 2 + [True]
    for drawn in faults(ServerBehavior(faults=0.7), RECORDS * 20).values():
        assert max(map(len, "".join("x" if fault else " " for fault in drawn).split())) <= IN_A_ROW


@pytest.mark.parametrize(
    ("host", "path", "kinds"),
    [
        ("api", "/v1/objects/{}", RECORD_FAULTS),
        ("api", "/v1.1/search?q={}", API_FAULTS),
        ("images", "/images/https/h/{}.jpg", IMAGE_FAULTS),
    ],
)
def test_the_share_is_met_by_kinds_that_are_equally_frequent(host: Any, path: str, kinds: tuple[str, ...]) -> None:
    behavior = ServerBehavior(faults=0.2)
    drawn = Counter(behavior.admit(host, path.format(i)).fault for i in range(20_000))
    good = drawn.pop("")
    assert good == pytest.approx(16_000, rel=0.02)
    assert set(drawn) == set(kinds)
    assert max(drawn.values()) < 1.5 * min(drawn.values())


def test_each_host_draws_on_its_own() -> None:
    behavior = ServerBehavior(faults=0.5)
    assert [bool(behavior.admit("api", path).fault) for path in RECORDS] != [
        bool(behavior.admit("images", path).fault) for path in RECORDS
    ]


def test_a_share_of_records_is_gone_for_ever() -> None:
    behavior = ServerBehavior(gone=0.1, seed=3)
    gone = [i for i in range(10_000) if behavior.is_gone(i)]
    assert len(gone) == pytest.approx(1000, rel=0.1)
    assert gone == [i for i in range(10_000) if ServerBehavior(gone=0.1, seed=3).is_gone(i)]
    assert gone != [i for i in range(10_000) if ServerBehavior(gone=0.1, seed=4).is_gone(i)]
    assert all(ServerBehavior(gone=1).is_gone(i) for i in range(100))


def test_the_log() -> None:
    clock, lines = Clock(), io.StringIO()
    clock.now = 2.5
    behavior = ServerBehavior(log=lines, clock=clock)
    request = behavior.admit("api", "/v1/objects?x=é", "me/1.0")
    assert behavior.requests == []
    behavior.note(request)
    assert behavior.requests == [request]
    assert json.loads(lines.getvalue()) == {
        "time": 2.5,
        "host": "api",
        "path": "/v1/objects?x=é",
        "status": 0,
        "fault": "",
        "blocked": False,
        "user_agent": "me/1.0",
    }


def test_the_log_need_not_be_kept() -> None:
    behavior, lines = ServerBehavior(keep_log=False), io.StringIO()
    behavior.log = lines
    behavior.note(behavior.admit("api", "/"))
    assert behavior.requests == []
    assert lines.getvalue().count("\n") == 1


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"limit": 0}, "limit must"),
        ({"window_s": 0}, "window"),
        ({"block_s": -1}, "block"),
        ({"block_s": float("nan")}, "block"),
        ({"faults": 1.1}, "fractions"),
        ({"faults": float("nan")}, "fractions"),
        ({"gone": -0.1}, "fractions"),
        ({"latency_s": -1}, "latency"),
        ({"latency_s": float("inf")}, "latency"),
    ],
)
def test_values_out_of_range_are_named(values: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        ServerBehavior(**values)
