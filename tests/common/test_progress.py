import pytest

from met_culture.common.progress import progress


def test_a_log_gets_few_whole_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress(range(5000), "fetch", "objects")) == list(range(5000))
    text = capsys.readouterr().err
    assert "\r" not in text
    lines = text.splitlines()
    assert len(lines) <= 3
    assert "fetch" in lines[-1]
    assert "5000/5000" in lines[-1]
    assert "objects/s" in lines[-1]
