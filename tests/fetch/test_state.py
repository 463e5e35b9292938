import contextlib
import hashlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from support import record

from met_culture.common.errors import UserError
from met_culture.fetch.catalogue_api import is_fresh
from met_culture.fetch.state import FetchState

URL = "https://images.metmuseum.org/a.jpg"


def known(folder: Path) -> tuple[dict, str | None]:
    with FetchState(folder) as state:
        record = state.records.find(5)
        return state.records.columns(record), record["url"]


def test_records_are_remembered(tmp_path: Path) -> None:
    with FetchState(tmp_path) as state:
        assert state.records.find(5) is None
        state.records.write(5, "ok", None, {"title": "Pines\u2028"}, URL)
    assert known(tmp_path) == ({"title": "Pines\u2028"}, URL)


def test_an_image_is_claimed_once_a_run(tmp_path: Path) -> None:
    with FetchState(tmp_path) as state:
        assert [state.images.claim(URL, "") for _ in range(2)] == [True, False]
    with FetchState(tmp_path) as state:
        assert state.images.claim(URL, "")  # the last run was stopped before it arrived
        state.images.write(URL, b"jpeg", (4, 3))
    with FetchState(tmp_path) as state:
        assert not state.images.claim(URL, "")
        assert state.images.status(URL) == "ok"
        assert state.images.path(URL).read_bytes() == b"jpeg"


@pytest.mark.parametrize("settled", [True, False])
def test_what_is_not_settled_is_tried_by_the_next_run(tmp_path: Path, settled: bool) -> None:
    with FetchState(tmp_path) as state:
        state.images.claim(URL, "")
        state.images.write_failure(URL, "image_refused", "why", settled=settled)
        assert not state.images.claim(URL, "")
        assert not state.images.has_failed(URL)
    with FetchState(tmp_path) as state:
        assert state.images.has_failed(URL) is not settled
        assert state.images.claim(URL, "") is not settled


@pytest.mark.parametrize("damaged", [b"jpe", None])
def test_a_damaged_image_is_claimed_again(tmp_path: Path, damaged: bytes | None) -> None:
    with FetchState(tmp_path) as state:
        state.images.claim(URL, "")
        state.images.write(URL, b"jpeg", (4, 3))
        state.images.path(URL).unlink() if damaged is None else state.images.path(URL).write_bytes(damaged)
    with FetchState(tmp_path) as state:
        assert state.images.claim(URL, "")


def test_a_later_version_is_claimed_once_and_an_earlier_one_not(tmp_path: Path) -> None:
    with FetchState(tmp_path) as state:
        state.images.claim(URL, "2026-01-02")
        state.images.write(URL, b"jpeg", (4, 3))
    with FetchState(tmp_path) as state:
        assert not state.images.claim(URL, "2026-01-01")
        assert state.images.claim(URL, "2026-01-03")
        assert not state.images.claim(URL, "2026-01-04")  # the same download serves all objects of a run
        state.images.write(URL, b"jpeg", (4, 3))
    with FetchState(tmp_path) as state:
        assert not state.images.claim(URL, "2026-01-04")


def test_a_failure_keeps_what_was_known_of_a_record(tmp_path: Path) -> None:
    with FetchState(tmp_path) as state:
        state.records.write(5, "ok", None, {"title": "a"}, URL)
        state.records.write_failure(5, "status 503")
        state.records.write_failure(6, "status 503")
        assert (state.records.find(5)["status"], state.records.find(5)["failure"]) == ("ok", "status 503")
        assert (state.records.find(6)["status"], state.records.find(6)["reason"]) == ("record_failed", "status 503")
        state.set_wanted([5, 6])
        assert state.count_missing()[0] == state.count_failures() == 2
        state.records.write(5, "ok", None, {"title": "b"}, URL)
        assert state.count_failures() == 1


def test_image_names_are_hashes(tmp_path: Path) -> None:
    with FetchState(tmp_path) as state:
        for url in ("https://images.metmuseum.org/../../etc/passwd", "\udc80", "x" * 5000):
            assert state.images.path(url).parent == tmp_path / "images"


def test_what_a_killed_process_left_half_is_removed(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / ".abc.123-456").write_bytes(b"half")
    with FetchState(tmp_path):
        assert list((tmp_path / "images").iterdir()) == []


def test_two_at_once_are_one_too_many(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from met_culture.fetch.state import FetchState; "
        "FetchState(Path(sys.argv[1]))"
    )
    with FetchState(tmp_path):
        second = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False)
        assert "another fetch of this source is running" in second.stderr
        with pytest.raises(UserError, match="wait for its end"):
            FetchState(tmp_path)
    with FetchState(tmp_path):
        pass


def test_facts(tmp_path: Path) -> None:
    with FetchState(tmp_path) as state:
        state.write_fact("answer /a%", "1")
        state.write_fact("other", "2")
        state.forget_facts("answer ")
        assert (state.fact("answer /a%"), state.fact("other")) == (None, "2")


def test_counts_of_what_is_to_be_asked(tmp_path: Path) -> None:
    with FetchState(tmp_path) as state:
        state.records.write(1, "ok", None, {"title": ""}, URL)
        state.records.write_failure(2, "status 503")
        state.records.write(3, "record_gone", "404", None, None)
        state.set_wanted([1, 2, 3, 4])
        assert state.count_missing() == (2, 1)
        assert state.count_missing([1, 3], state.run + 1) == (4, 1)
        assert state.count_missing([1, 3], state.run) == (2, 1)  # refreshed by this run already


def test_outcomes_join_records_and_images_in_order(tmp_path: Path) -> None:
    with FetchState(tmp_path) as state:
        for object_id in (7, 3):
            state.records.write(object_id, "ok", None, {"title": ""}, URL)
        state.images.claim(URL, "")
        state.images.write(URL, b"jpeg", (4, 3))
        state.set_wanted([7, 3, 9])
        rows = [(row["objectID"], row["image_status"], row["sha256"]) for row in state.outcomes()]
    assert rows == [(object_id, "ok", hashlib.sha256(b"jpeg").hexdigest()) for object_id in (3, 7)]


def test_a_damaged_memory_is_named(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"nonsense" * 1000)
    with pytest.raises(OSError, match=r"state\.db") as caught:
        FetchState(tmp_path)
    assert "delete the folder" in str(caught.value)


def test_a_damaged_row_is_named(tmp_path: Path) -> None:
    with FetchState(tmp_path) as state:
        state.records.write(5, "ok", None, {"title": "a"}, None)
        state._database.execute("UPDATE records SET columns = '{'")
        with pytest.raises(UserError, match=r"state\.db is damaged; delete the folder"):
            state.records.columns(state.records.find(5))


def test_what_is_written_one_transaction_is_there_together(tmp_path: Path) -> None:
    def stopped() -> None:
        with FetchState(tmp_path) as state, state.transaction():
            state.records.write(5, "ok", None, {"title": "a"}, None)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    with FetchState(tmp_path) as state:
        assert state.records.find(5) is None


def test_a_full_disk_ends_in_an_oserror_and_loses_nothing(tmp_path: Path) -> None:
    code = """
import resource, signal, sys
from pathlib import Path
from met_culture.common.cli import run
from met_culture.fetch.state import FetchState
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def main():
    with FetchState(Path(sys.argv[1])) as state:
        state.records.write(5, "ok", None, {"title": "a"}, None)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        for object_id in range(6, 5000):
            state.records.write(object_id, "ok", None, {"title": "x" * 1000}, None)
run(main)
"""
    ended = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.count("\n") == 1
    assert known(tmp_path)[0] == {"title": "a"}


def test_a_row_is_there_only_after_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FetchState(tmp_path) as state:
        state.images.claim(URL, "")
        monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
        with pytest.raises(OSError, match="full"):
            state.images.write(URL, b"jpeg", (4, 3))
        assert state.images.status(URL) == "waiting"
        assert list((tmp_path / "images").iterdir()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE facts SET value = 'abc' WHERE key = 'run'",
        "UPDATE facts SET value = x'ff00' WHERE key = 'run'",
        "UPDATE records SET run = 'abc'",
        "UPDATE records SET columns = '[' || columns",
        "UPDATE records SET columns = '[]'",
        "UPDATE records SET columns = '3'",
        "UPDATE images SET run = 'abc', settled = 0",
        "UPDATE images SET version = x'ff00'",
        "UPDATE images SET bytes = 'abc'",
        "DROP TABLE records; CREATE TABLE records (objectID INTEGER PRIMARY KEY)",
    ],
)
def test_a_damaged_database_is_one_sentence(tmp_path: Path, statement: str) -> None:
    def use() -> None:
        with FetchState(tmp_path) as state:
            state.set_wanted([5])
            row = state.records.find(5)
            state.records.columns(row or {"columns": None})
            state.images.claim("u", "2026")
            list(state.outcomes())
            state.records.store(5, record(5, primaryImageSmall="u"))
            state.images.write("u", b"x", (1, 1))

    use()
    with contextlib.closing(sqlite3.connect(tmp_path / "state.db")) as database:
        database.executescript(statement)
    with pytest.raises((UserError, OSError), match=r"state\.db|damaged"):
        use()


@pytest.mark.parametrize("text", ["abc", "[", "[]", "3", "null", '{"at": "x"}'])
def test_a_damaged_answer_is_asked_again(tmp_path: Path, text: str) -> None:
    with FetchState(tmp_path) as state:
        state.write_fact("answer /x", text)
        assert not is_fresh(state.stored_answer("answer /x").get("at"))


def test_what_was_malformed_before_version_1_is_asked_again(tmp_path: Path) -> None:
    with FetchState(tmp_path) as state:
        state.records.store(5, record(5, culture=[]))
        assert state.records.find(5)["status"] == "record_malformed"
    with FetchState(tmp_path) as state:
        assert state.records.find(5)
    with contextlib.closing(sqlite3.connect(tmp_path / "state.db")) as database:
        database.execute("PRAGMA user_version = 0")
    with FetchState(tmp_path) as state:
        assert state.records.find(5) is None
