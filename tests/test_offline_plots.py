import shutil
import subprocess
from pathlib import Path

import pytest
from configobj import ConfigObj
from support import ROOT

from met_culture import offline_plots
from met_culture.common.errors import UserError

OWN = "# my own\n[core]\n    remote = there\n['remote \"there\"']\n    # a note\n    url = ../elsewhere\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run the test in a folder with the committed template; the script is a short one."""
    (tmp_path / ".dvc").mkdir()
    shutil.copy(ROOT / ".dvc/plots.html", tmp_path / ".dvc")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["offline_plots"])
    monkeypatch.setattr(offline_plots, "bundle", lambda: "window.vegaEmbed = 1;\n")
    return tmp_path


def local(repository: Path) -> Path:
    return repository / ".dvc/config.local"


def test_the_script_holds_nothing_that_dvc_or_html_would_replace() -> None:
    script = offline_plots.bundle()
    assert "window.vegaEmbed=" in script
    assert not [word for word in ("{scripts}", "{plot_divs}", "{refresh_tag}", "</script", "<!--") if word in script]


def test_it_writes_the_script_the_copy_and_the_line_for_dvc(repository: Path) -> None:
    offline_plots.main()
    assert (repository / ".cache/vega.js").read_text() == "window.vegaEmbed = 1;\n"
    page = (repository / ".dvc" / ConfigObj(str(local(repository)))["plots"]["html_template"]).read_text()
    assert "<script>window.vegaEmbed = 1;\n</script>" in page
    assert "{plot_divs}" in page
    assert "src=" not in page


def test_other_local_configuration_stays_as_it_is(repository: Path) -> None:
    local(repository).write_text(OWN)
    local(repository).chmod(0o600)  # it may hold a password
    offline_plots.main()
    text = local(repository).read_text()
    assert text.startswith(OWN)
    assert text[len(OWN) :].split() == ["[plots]", "html_template", "=", "plots.local.html"]
    assert local(repository).stat().st_mode & 0o777 == 0o600
    offline_plots.main()
    assert local(repository).read_text() == text


def test_a_template_of_the_users_own_stays(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = "[plots]\n    html_template = mine.html\n"
    local(repository).write_text(own)
    offline_plots.main()
    assert local(repository).read_text() == own
    assert "names another html_template, which stays" in capsys.readouterr().out


def test_make_clean_takes_back_what_it_wrote_and_nothing_else(repository: Path) -> None:
    local(repository).write_text(OWN)
    offline_plots.main()
    shutil.copy(ROOT / "Makefile", repository)
    subprocess.run(["make", "-s", "clean"], cwd=repository, check=True)
    assert local(repository).read_text().startswith(OWN)
    assert "html_template" not in local(repository).read_text()
    assert sorted(path.name for path in (repository / ".dvc").iterdir()) == ["config.local", "plots.html"]
    assert not list((repository / ".cache").iterdir())


def test_an_end_tag_in_the_script_does_not_end_it() -> None:
    page = offline_plots.inlined(f"<head>{offline_plots.REFERENCE}</head>", "x = '</script>';")
    assert page == r"<head><script>x = '<\/script>';</script></head>"


def test_a_template_without_the_script_is_named() -> None:
    with pytest.raises(UserError, match=r"^\.dvc/plots\.html: must hold <script"):
        offline_plots.inlined("<head></head>", "")
