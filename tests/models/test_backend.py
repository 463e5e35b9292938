import os
import subprocess
import sys

import pytest

from met_culture.models import backend


def test_the_import_is_quiet() -> None:
    """TensorFlow's greetings would appear above every result and look like errors."""
    code = "from met_culture.models.backend import make_deterministic; make_deterministic()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert (done.stdout, done.stderr) == ("", "")


def test_output_before_a_failure_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImportError), backend._quiet():
        os.write(2, b"why it failed\n")
        raise ImportError
    assert "why it failed" in capfd.readouterr().err


def test_stderr_works_again_afterwards(capfd: pytest.CaptureFixture[str]) -> None:
    with backend._quiet():
        os.write(2, b"greeting\n")
    os.write(2, b"later\n")
    assert capfd.readouterr().err == "later\n"


def test_a_backend_that_cannot_be_imported_is_named_in_one_sentence() -> None:
    env = os.environ | {"KERAS_BACKEND": "nothing"}
    command = [sys.executable, "-m", "met_culture.train"]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=120)
    assert done.returncode == 1
    assert done.stderr.startswith("error: KERAS_BACKEND=nothing cannot be imported")
    assert "Traceback" not in done.stderr
