import hashlib
import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest
from support import ROOT

from met_culture import export
from met_culture.common.config import load
from met_culture.common.errors import UserError
from met_culture.models.model_file import load_model, save_model
from met_culture.train.networks import build
from met_culture.train.params import TrainParams

META = {
    "labels": list("abcd"),
    "image_size": 48,
    "fit": "squash",
    "interpolation": "area",
    "source": "test",
    "epoch": 1,
}
# Of different brightness, so that the answers differ.
IMAGES = np.random.default_rng(0).integers(0, 256, (20, 48, 48, 3)) * np.linspace(0.1, 1, 20)[:, None, None, None]
IMAGES = IMAGES.astype(np.uint8)


CNN = ("cnn", 1.0)
# An export of a larger network takes four seconds, and is tested once, with the layer of our own.
cnn_alone = pytest.mark.parametrize("model", [CNN], indirect=True, ids=["cnn"])


@pytest.fixture(params=[CNN, ("style", 0.01)], ids=lambda param: param[0])
def model(request: pytest.FixtureRequest, workspace: Path) -> keras.Model:
    """Write a model whose answers differ between images, and return it."""
    name, scale = request.param
    network = build(replace(load("train", TrainParams, ROOT / "params.yaml"), model=name), 48, 4)
    label = network.trainable.get_layer("label")
    rng = np.random.default_rng(0)
    label.set_weights([rng.normal(0, scale, part.shape) for part in label.get_weights()])
    save_model(network.whole(), workspace / "models/model.keras", META, optimizer=False)
    return load_model(workspace / "models/model.keras")[0]


def test_onnx_answers_as_keras_on_the_test_split(
    model: keras.Model, workspace: Path, stage: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "data/preprocess").mkdir(parents=True)
    np.save(workspace / "data/preprocess/test_x.npy", IMAGES)
    stage(export.main)
    assert "on 20 images of the test split" in capsys.readouterr().out
    data = (workspace / "models/model.onnx").read_bytes()
    expected = model.predict_on_batch(IMAGES)
    assert expected.std(axis=0).max() > 0.01
    assert np.abs(export.predict_onnx(data, IMAGES) - expected).max() <= 1e-4
    assert export.predict_onnx(data, IMAGES[:3]).shape == (3, 4)  # any number of images
    assert metadata(data) | META == metadata(data)


def metadata(data: bytes) -> dict[str, Any]:
    return {item.key: json.loads(item.value) for item in onnx.load_from_string(data).metadata_props}


@cnn_alone
def test_the_file_says_what_a_program_has_to_know(
    model: keras.Model, workspace: Path, stage: Callable[..., None]
) -> None:
    stage(export.main, "--out", "out/m.onnx")
    data = (workspace / "out/m.onnx").read_bytes()
    assert metadata(data) | META == metadata(data)
    assert (workspace / "out/m.onnx.sha256").read_text() == f"{hashlib.sha256(data).hexdigest()}  m.onnx\n"
    subprocess.run(["sha256sum", "--check", "--quiet", "m.onnx.sha256"], cwd=workspace / "out", check=True)


@cnn_alone
def test_what_differs_is_not_written(
    model: keras.Model, workspace: Path, stage: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = export.predict_onnx
    monkeypatch.setattr(export, "predict_onnx", lambda data, images: answers(data, images) + 0.001)
    with pytest.raises(UserError, match=r"differs from Keras by 1\.0e-03"):
        stage(export.main)
    assert not (workspace / "models/model.onnx").exists()
