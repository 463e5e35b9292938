import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras.src.applications import efficientnet
from keras.src.legacy.saving import legacy_h5_format
from support import ROOT

from met_culture.common.config import load
from met_culture.common.errors import UserError
from met_culture.train.keras_applications import application, backbone, has_hash, weights_path
from met_culture.train.networks import build
from met_culture.train.params import TrainParams

FILE = "efficientnetb0_notop.h5"
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return weights in the format of Keras's own, drawn at random."""
    keras.utils.set_random_seed(3)
    path = tmp_path_factory.mktemp("weights") / FILE
    with h5py.File(path, "w") as file:
        model = keras.applications.EfficientNetB0(include_top=False, weights=None, input_shape=(64, 64, 3))
        legacy_h5_format.save_weights_to_hdf5_group(file, model)
    return path


@pytest.fixture
def kept(drawn: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let the weights lie where training reads them, with the hash that Keras gives."""
    digest = hashlib.md5(drawn.read_bytes()).hexdigest()  # noqa: S324 - Keras's choice
    monkeypatch.setitem(efficientnet.WEIGHTS_HASHES, "b0", ("", digest))
    path = weights_path(FILE)
    path.parent.mkdir(parents=True)
    path.write_bytes(drawn.read_bytes())
    return path


def test_the_features_are_those_of_keras(kept: Path) -> None:
    original = keras.applications.EfficientNetB0(include_top=False, weights=str(kept), input_shape=(64, 64, 3))
    expected = np.asarray(original(keras.applications.efficientnet.preprocess_input(IMAGES.astype(np.float32))))
    frozen, features = application("EfficientNetB0", 64)
    assert np.allclose(np.asarray(frozen(IMAGES)), expected, atol=1e-4)
    assert np.allclose(np.asarray(features(expected))[:, :1280], expected.mean(axis=(1, 2)), atol=1e-5)


def test_it_is_a_network_of_two_parts(kept: Path) -> None:
    params = replace(load("train", TrainParams, ROOT / "params.yaml"), model="EfficientNetB0")
    network = build(params, 64, 4)
    assert network.whole().predict_on_batch(IMAGES).shape == (2, 4)
    assert sum(weights.size for weights in network.trainable.get_weights()) == 4 * (2 * 1280 + 1) + 2 * 2 * 1280


@pytest.mark.parametrize("content", [None, b"other"])
def test_missing_or_other_weights_name_the_command(kept: Path, content: bytes | None) -> None:
    kept.unlink()
    if content:
        kept.write_bytes(content)
    with pytest.raises(UserError, match=rf"{FILE} is missing or damaged; run `python -m met_culture\.weights"):
        backbone("EfficientNetB0", 64)


@pytest.mark.parametrize("name", ["NoSuchNet", "Model", "Adam"])
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=f"keras.applications has no {name}"):
        backbone(name, 64)


def test_keras_gets_its_own_downloader_back(kept: Path) -> None:
    before = keras.utils.get_file
    backbone("EfficientNetB0", 64)
    assert efficientnet.file_utils.get_file is before


def test_either_hash_is_known(tmp_path: Path) -> None:
    path = tmp_path / "x"
    assert not has_hash(path, "")
    path.write_bytes(b"abc")
    assert has_hash(path, hashlib.sha256(b"abc").hexdigest())
    assert has_hash(path, hashlib.md5(b"abc").hexdigest())  # noqa: S324 - Keras's choice
    assert not has_hash(path, "")


def test_a_name_from_outside_stays_in_the_folder(workspace: Path) -> None:
    assert weights_path("../../x.h5").resolve().parent == (workspace / ".scratch/weights").resolve()
