from pathlib import Path

import pytest

from met_culture.common.cli import path_arguments, run
from met_culture.common.errors import UserError


def test_user_error_is_one_sentence_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        raise UserError("params.yaml: train.epochs: must be positive.")

    with pytest.raises(SystemExit) as exit_:
        run(main)
    assert exit_.value.code == 1
    assert capsys.readouterr().err == "error: params.yaml: train.epochs: must be positive.\n"


def test_a_missing_file_is_one_sentence_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        run(lambda: Path("no/such.csv").read_text())
    assert exit_.value.code == 1
    assert capsys.readouterr().err == "error: no/such.csv: No such file or directory; fix this and run again.\n"


def test_interrupt_is_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as exit_:
        run(main)
    assert exit_.value.code == 130
    assert capsys.readouterr().err == "stopped\n"


def test_programming_errors_keep_their_traceback() -> None:
    def main() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(main)


def test_missing_path_is_a_usage_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["stage", "data/raw"])
    with pytest.raises(SystemExit) as exit_:
        path_arguments("Stage.", "raw", "out")
    assert exit_.value.code == 2
    assert "out" in capsys.readouterr().err
