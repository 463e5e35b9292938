"""The last layer has one optimum, so a model of which nothing else is trained is the same on every processor."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rounding
from support import set_param
from training import ARGUMENTS

from met_culture.clean import __main__ as clean
from met_culture.fetch import __main__ as fetch
from met_culture.preprocess import __main__ as preprocess

SCRIPT = """
import sys
from pathlib import Path
from met_culture.train import __main__ as train
import numpy as np
from met_culture.models.model_file import load_model
train.main()
images = np.load("data/preprocess/test_x.npy")
np.save("probabilities.npy", load_model(Path("models/model.keras"))[0].predict_on_batch(images))
"""


def probabilities(folder: Path, env: dict[str, str]) -> np.ndarray:
    """Train in a process of its own and return the probabilities of the test images."""
    subprocess.run([sys.executable, "-c", SCRIPT, *ARGUMENTS], cwd=folder, env=os.environ | env, check=True)
    return np.load(folder / "probabilities.npy")


@pytest.fixture
def prepared(workspace: Path, small_sample: Path, stage: Callable[..., None]) -> Path:
    """Preprocess a part of the sample."""
    set_param(workspace, "source: sample", f"source: {small_sample}")
    set_param(workspace, "image_size: 150", "image_size: 96")
    set_param(workspace, "crops: 0", "crops: 1")
    set_param(workspace, "views: [1, 2]", "views: [1, 3]")
    set_param(workspace, "epochs: 50", "epochs: 8")
    stage(fetch.main, "data/raw", "metrics/fetch.json")
    stage(clean.main, "data/raw", "data/clean", "metrics/clean.json")
    stage(preprocess.main, "data/raw", "data/clean", "data/preprocess")
    return workspace


@pytest.mark.slow
def test_threads_and_instructions_do_not_change_the_probabilities_of_a_last_layer(prepared: Path) -> None:
    largest = {}
    for model in ("cnn", "style"):
        set_param(prepared, "model: cnn", f"model: {model}")
        usual = probabilities(prepared, {})
        others = [probabilities(prepared, env) for env in rounding.WAYS.values()]
        largest[model] = max(float(np.abs(usual - other).max()) for other in others)
    print(largest)
    assert largest["style"] < rounding.LAST_LAYER
    assert largest["style"] < largest["cnn"]
