import statistics
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest
from pyrate_limiter.buckets import sqlite_bucket

from met_culture.web.errors import StoppedError
from met_culture.web.rate_limit import MIN_SPEED, RateLimiter
from met_culture.web.retry import RetryPolicy

QUICK = RetryPolicy(first_s=0.05, cap_s=0.2, jitter=0)


def ask(pace: RateLimiter, times: int) -> list[float]:
    began = []
    for _ in range(times):
        with pace.acquire() as when:
            began.append(when)
    return began


def test_waits_grow_to_a_cap_and_bridge_a_block_of_three_minutes() -> None:
    waits = RetryPolicy(jitter=0)
    grown = [waits.seconds(n, None) for n in range(1, waits.attempts)]
    assert grown == [1, 2, 4, 8, 16, 32, 64, 90]
    assert sum(grown) > 180


def test_waits_are_jittered_upwards() -> None:
    drawn = {RetryPolicy().seconds(3, None) for _ in range(20)}
    assert len(drawn) > 1
    assert all(4 <= each <= 6 for each in drawn)


@pytest.mark.parametrize(("asked_for", "wait"), [(30, 30), (0, 1), (10_000, 600)])
def test_retry_after_is_obeyed_within_the_cap(asked_for: float, wait: float) -> None:
    assert RetryPolicy(jitter=0).seconds(1, asked_for) == wait


def test_the_pace_is_kept_without_drift(tmp_path: Path) -> None:
    pace = RateLimiter(requests_per_second=25, file=tmp_path / "bucket.db")
    began = ask(pace, 26)
    pace.close()
    between = statistics.median(after - before for before, after in pairwise(began))
    assert 0.039 <= between <= 0.042  # the median, as the machine may do something else now and then


@pytest.mark.parametrize("rate", [80, 75, 70, 30, 3, 1, 0.3])
def test_the_pace_is_never_faster_than_asked_for(tmp_path: Path, rate: float) -> None:
    pace = RateLimiter(requests_per_second=rate, file=tmp_path / "bucket.db")
    assert 1000 / pace._bucket.bucket.rates[0].interval <= rate
    pace.close()


def test_a_clock_that_was_set_back_holds_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, now = tmp_path / "bucket.db", time.time_ns
    monkeypatch.setattr(sqlite_bucket, "time_ns", lambda: now() + 3600 * 10**9)
    first = RateLimiter(requests_per_second=50, file=file)
    ask(first, 2)
    first.close()
    monkeypatch.undo()
    second = RateLimiter(requests_per_second=50, file=file)
    started = time.monotonic()
    ask(second, 2)
    second.close()
    assert time.monotonic() - started < 30


def test_processes_share_the_pace_of_a_host(tmp_path: Path) -> None:
    first, second = (RateLimiter(requests_per_second=10, file=tmp_path / "bucket.db") for _ in range(2))
    began = ask(first, 1) + ask(second, 1) + ask(first, 1)
    first.close()
    second.close()
    assert began[2] - began[0] >= 0.19


def test_no_more_at_once_than_allowed() -> None:
    pace, busy, most = RateLimiter(parallel=3), [0], [0]

    def work() -> None:
        with pace.acquire():
            busy[0] += 1
            most[0] = max(most[0], busy[0])
            time.sleep(0.02)
            busy[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 3


def test_after_a_trouble_nobody_asks_for_a_while() -> None:
    pace = RateLimiter(parallel=4, policy=QUICK)
    with pace.acquire() as began:
        assert pace.record_failure(began) == 0.05
    assert ask(pace, 1)[0] - began >= 0.05


def test_troubles_of_requests_that_were_under_way_count_once() -> None:
    pace = RateLimiter(parallel=4, policy=QUICK)
    with pace.acquire() as one, pace.acquire() as two:
        assert pace.record_failure(one) == 0.05
        assert pace.record_failure(two) == 0
    assert pace.blocks == 1


def test_the_longest_retry_after_of_a_block_counts() -> None:
    pace = RateLimiter(parallel=2, policy=QUICK)
    with pace.acquire() as one, pace.acquire() as two:
        pace.record_failure(one)
        pace.record_failure(two, retry_after=0.3)
    assert ask(pace, 1)[0] - one >= 0.3


def test_waits_grow_until_a_good_answer() -> None:
    pace = RateLimiter(policy=QUICK)
    waits = []
    for _ in range(2):
        with pace.acquire() as began:
            waits.append(pace.record_failure(began))
    pace.record_success()
    with pace.acquire() as began:
        waits.append(pace.record_failure(began))
    assert waits == [0.05, 0.1, 0.05]


def test_after_a_trouble_the_pace_is_slower_and_recovers(tmp_path: Path) -> None:
    pace = RateLimiter(requests_per_second=50, file=tmp_path / "bucket.db", policy=RetryPolicy(first_s=0, jitter=0))
    with pace.acquire() as began:
        pace.record_failure(began)
    slow = ask(pace, 6)
    for _ in range(25):
        pace.record_success()
    quick = ask(pace, 6)
    pace.close()
    assert slow[5] - slow[1] >= 4 * 0.039
    assert quick[5] - quick[1] < slow[5] - slow[1]


def test_the_share_has_a_floor() -> None:
    pace = RateLimiter(parallel=8, policy=RetryPolicy(first_s=0, jitter=0))
    for _ in range(20):
        with pace.acquire() as began:
            pace.record_failure(began)
    assert pace._speed == MIN_SPEED
    assert len(ask(pace, 3)) == 3


def test_stop_wakes_those_who_wait() -> None:
    pace = RateLimiter(policy=RetryPolicy(first_s=60))
    with pace.acquire() as began:
        pace.record_failure(began)
    threading.Timer(0.05, pace.stop).start()
    with pytest.raises(StoppedError):
        ask(pace, 1)


@pytest.mark.parametrize("damage", [b"nonsense" * 1000, None])
def test_a_spoilt_bucket_is_named(tmp_path: Path, damage: bytes | None) -> None:
    file = tmp_path / "bucket.db"
    if damage is None:
        RateLimiter(requests_per_second=1, file=file).close()
        damage = file.read_bytes()[:2000] + b"\xff" * 20_000
    file.write_bytes(damage)
    with pytest.raises(OSError, match=r"bucket\.db"):
        ask(RateLimiter(requests_per_second=1, file=file), 1)
