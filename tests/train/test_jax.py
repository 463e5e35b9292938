"""The same code with Keras's other backend, in separate processes, as a process has only one backend."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from support import ROOT, picture, set_param
from training import ARGUMENTS, OUTPUTS

pytestmark = pytest.mark.skipif(find_spec("jax") is None, reason="jax is not installed; requirements-dev.txt has it")
ENV = os.environ | {"KERAS_BACKEND": "jax"}
# Trains, predicts with a heat map, and prints which other frameworks were imported.
SCRIPT = """
import sys
from met_culture.predict import __main__ as predict
from met_culture.train import __main__ as train
sys.argv = ["train", *sys.argv[1:]]
train.main()
sys.argv = ["predict", "--json", "--explain", "heat", "painting.jpg"]
predict.main()
import met_culture.evaluate.__main__
print([name for name in ("tensorflow", "torch") if name in sys.modules])
"""


def run(folder: Path, *command: str) -> str:
    """Run Python in a folder under JAX and return what it prints."""
    done = subprocess.run([sys.executable, *command], cwd=folder, env=ENV, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_training_and_prediction_import_no_tensorflow(arrays: Path) -> None:
    picture(arrays / "painting.jpg", seed=1)
    predicted, imported = run(arrays, "-c", SCRIPT, *ARGUMENTS).splitlines()
    assert imported == "[]"
    assert set(json.loads(predicted)["probabilities"]) == set("abcd")
    assert [path.name for path in (arrays / "heat").iterdir()] == ["0001_painting.png"]
    environment = json.loads((arrays / "metrics/environment.json").read_text())
    assert (environment["backend"], {"jax", "jaxlib"} <= set(environment)) == ("jax", True)


@pytest.mark.slow
def test_more_epochs_continue_with_the_bytes_of_a_training_from_scratch(arrays: Path) -> None:
    for epochs in ("3", "5"):
        set_param(arrays, "epochs: 3", f"epochs: {epochs}")
        run(arrays, "-m", "met_culture.train", *ARGUMENTS)
    continued = [(arrays / name).read_bytes() for name in OUTPUTS]
    for path in (arrays / ".scratch/checkpoints").iterdir():
        path.unlink()
    run(arrays, "-m", "met_culture.train", *ARGUMENTS)
    assert [(arrays / name).read_bytes() for name in OUTPUTS] == continued


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_what_holds_for_tensorflow_holds_for_jax() -> None:
    in_train = [f"train/test_{name}.py" for name in ("train", "batches", "head")]
    others = ["models", "evaluate/test_evaluate.py", "evaluate/test_gradcam.py", "predict/test_predict.py"]
    run(ROOT, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/{path}" for path in [*in_train, *others]))
