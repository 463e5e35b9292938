import os
import subprocess
import sys
from pathlib import Path

import pytest

from met_culture.common.terminal import printable

PROGRAM = """
import sys
from met_culture.common.cli import Parser, run
from met_culture.common.errors import UserError
from met_culture.common.terminal import print_line, print_note

def main():
    for line in sys.stdin:
        name = line.rstrip("\\n")
        print_line(name)
        print_note(name)
    raise UserError("x\\nerror: forged \\x1b[31m")

run(main)
"""
NAMES = b"caf\xe9.jpg\n\xe5\xb1\xb1.jpg\n\x1b[31m.jpg\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("山水 \u3000à\u00a0b.jpg", "山水 \u3000à\u00a0b.jpg"),
        ("\x1b]0;title\x07\x9b31m", r"\x1b]0;title\x07\x9b31m"),
        ("a\nerror: b\r\t\u2028c", r"a\nerror: b\r\t\u2028c"),
        ("gpj.\u202eexe", r"gpj.\u202eexe"),
        ("caf\udce9 \ud800", r"caf\xe9 \ud800"),
    ],
)
def test_text_is_shown_as_text(text: str, shown: str) -> None:
    assert printable(text) == shown


def run(redirections: str = "", **env: str) -> subprocess.CompletedProcess[bytes]:
    command = ["/bin/sh", "-c", f'exec "$0" -c "$1" {redirections}', sys.executable, PROGRAM]
    return subprocess.run(command, input=NAMES, capture_output=True, env=os.environ | env, check=False)


@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii", "latin-1:strict"])
def test_no_name_is_fatal(encoding: str) -> None:
    done = run(PYTHONIOENCODING=encoding)
    mountain = "山".encode() if encoding.startswith("utf") else rb"\u5c71"
    assert done.stdout.splitlines() == [rb"caf\xe9.jpg", mountain + b".jpg", rb"\x1b[31m.jpg"]
    assert done.stderr.splitlines()[-1] == rb"error: x\nerror: forged \x1b[31m"
    assert done.returncode == 1


@pytest.mark.parametrize("redirections", ["2>&-", ">&-", ">&- 2>&-", "<&-", "<&- >&- 2>&-", ">/dev/full"])
def test_closed_or_full_streams_end_without_a_traceback(redirections: str) -> None:
    done = run(redirections)
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    assert done.returncode == 1
    if redirections == "2>&-":
        assert len(done.stdout.splitlines()) == 3


def test_a_reader_that_has_enough_ends_it_quietly(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from met_culture.common.cli import run\n"
        "from met_culture.common.terminal import print_line\n"
        "run(lambda: [print_line('x' * 1000) for _ in range(1000)] and 0)\n"
    )
    done = subprocess.run(  # noqa: S602 - our own command
        f"{sys.executable} {program} | head -c 1", shell=True, capture_output=True, check=False
    )
    assert done.stderr == b""


def test_an_argument_cannot_steer_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from met_culture.common.cli import path_arguments

    monkeypatch.setattr("sys.argv", ["stage", "in", "--\x1b[31m\nerror: forged"])
    with pytest.raises(SystemExit):
        path_arguments("Stage.", "raw")
    assert r"--\x1b[31m\nerror: forged" in capsys.readouterr().err
