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


def ask(limiter: RateLimiter, times: int) -> list[float]:
    began = []
    for _ in range(times):
        with limiter.acquire() as when:
            began.append(when)
    return began


def test_waits_grow_to_a_cap_and_bridge_a_block_of_three_minutes() -> None:
    waits = RetryPolicy(jitter=0)
    grown = [waits.wait_seconds(n, None) for n in range(1, waits.attempts)]
    assert grown == [1, 2, 4, 8, 16, 32, 64, 90]
    assert sum(grown) > 180


def test_waits_are_jittered_upwards() -> None:
    drawn = {RetryPolicy().wait_seconds(3, None) for _ in range(20)}
    assert len(drawn) > 1
    assert all(4 <= wait <= 6 for wait in drawn)


@pytest.mark.parametrize(("asked_for", "wait"), [(30, 30), (0, 1), (10_000, 600)])
def test_retry_after_is_obeyed_within_the_cap(asked_for: float, wait: float) -> None:
    assert RetryPolicy(jitter=0).wait_seconds(1, asked_for) == wait


def test_the_pace_is_kept_without_drift(tmp_path: Path) -> None:
    limiter = RateLimiter(requests_per_second=25, file=tmp_path / "bucket.db")
    began = ask(limiter, 26)
    limiter.close()
    between = statistics.median(after - before for before, after in pairwise(began))
    assert 0.039 <= between <= 0.042  # the median, as the machine may do something else now and then


@pytest.mark.parametrize("rate", [80, 75, 70, 30, 3, 1, 0.3])
def test_the_pace_is_never_faster_than_asked_for(tmp_path: Path, rate: float) -> None:
    limiter = RateLimiter(requests_per_second=rate, file=tmp_path / "bucket.db")
    assert 1000 / limiter._bucket.bucket.rates[0].interval <= rate
    limiter.close()


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
    limiter, busy, most = RateLimiter(parallel=3), [0], [0]

    def work() -> None:
        with limiter.acquire():
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
    limiter = RateLimiter(parallel=4, policy=QUICK)
    with limiter.acquire() as began:
        assert limiter.record_failure(began) == 0.05
    assert ask(limiter, 1)[0] - began >= 0.05


def test_troubles_of_requests_that_were_under_way_count_once() -> None:
    limiter = RateLimiter(parallel=4, policy=QUICK)
    with limiter.acquire() as one, limiter.acquire() as two:
        assert limiter.record_failure(one) == 0.05
        assert limiter.record_failure(two) == 0
    assert limiter.blocks == 1


def test_the_longest_retry_after_of_a_block_counts() -> None:
    limiter = RateLimiter(parallel=2, policy=QUICK)
    with limiter.acquire() as one, limiter.acquire() as two:
        limiter.record_failure(one)
        limiter.record_failure(two, retry_after=0.3)
    assert ask(limiter, 1)[0] - one >= 0.3


def test_waits_grow_until_a_good_answer() -> None:
    limiter = RateLimiter(policy=QUICK)
    waits = []
    for _ in range(2):
        with limiter.acquire() as began:
            waits.append(limiter.record_failure(began))
    limiter.record_success()
    with limiter.acquire() as began:
        waits.append(limiter.record_failure(began))
    assert waits == [0.05, 0.1, 0.05]


def test_after_a_trouble_the_pace_is_slower_and_recovers(tmp_path: Path) -> None:
    limiter = RateLimiter(requests_per_second=50, file=tmp_path / "bucket.db", policy=RetryPolicy(first_s=0, jitter=0))
    with limiter.acquire() as began:
        limiter.record_failure(began)
    slow = ask(limiter, 6)
    for _ in range(25):
        limiter.record_success()
    quick = ask(limiter, 6)
    limiter.close()
    assert slow[5] - slow[1] >= 4 * 0.039
    assert quick[5] - quick[1] < slow[5] - slow[1]


def test_the_share_has_a_floor() -> None:
    limiter = RateLimiter(parallel=8, policy=RetryPolicy(first_s=0, jitter=0))
    for _ in range(20):
        with limiter.acquire() as began:
            limiter.record_failure(began)
    assert limiter._speed == MIN_SPEED
    assert len(ask(limiter, 3)) == 3


def test_stop_wakes_those_who_wait() -> None:
    limiter = RateLimiter(policy=RetryPolicy(first_s=60))
    with limiter.acquire() as began:
        limiter.record_failure(began)
    threading.Timer(0.05, limiter.stop).start()
    with pytest.raises(StoppedError):
        ask(limiter, 1)


@pytest.mark.parametrize("damage", [b"nonsense" * 1000, None])
def test_a_damaged_bucket_is_named(tmp_path: Path, damage: bytes | None) -> None:
    file = tmp_path / "bucket.db"
    if damage is None:
        RateLimiter(requests_per_second=1, file=file).close()
        damage = file.read_bytes()[:2000] + b"\xff" * 20_000
    file.write_bytes(damage)
    with pytest.raises(OSError, match=r"bucket\.db"):
        ask(RateLimiter(requests_per_second=1, file=file), 1)
