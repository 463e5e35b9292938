import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from saved_models import model as write_model
from support import ROOT

from met_culture.common.config import load
from met_culture.common.errors import UserError
from met_culture.models.layers import MeanAndDeviation
from met_culture.models.model_file import ModelMeta, load_model, save_model
from met_culture.models.probabilities import predict_probabilities
from met_culture.train.networks import build
from met_culture.train.params import TrainParams

META = {
    "labels": ["a", "b", "c", "d"],
    "image_size": 48,
    "fit": "squash",
    "interpolation": "area",
    "source": "test",
    "epoch": 3,
}
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3), np.uint8)


def model() -> keras.Model:
    return build(load("train", TrainParams, ROOT / "params.yaml"), 48, 4).trainable


@pytest.mark.parametrize("optimizer", [True, False])
def test_equal_models_are_equal_files(tmp_path: Path, optimizer: bool) -> None:
    for name in ("a.keras", "b.keras"):
        save_model(model(), tmp_path / name, META, optimizer=optimizer)
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()


def test_a_loaded_model_predicts_the_same(tmp_path: Path) -> None:
    original = model()
    save_model(original, tmp_path / "a.keras", META, optimizer=False)
    loaded, meta = load_model(tmp_path / "a.keras")
    assert meta == ModelMeta(**META | {"labels": tuple(META["labels"])})
    assert np.array_equal(original.predict_on_batch(IMAGES), loaded.predict_on_batch(IMAGES))


def test_the_optimizers_state_is_saved_only_if_asked(tmp_path: Path) -> None:
    trained = model()
    trained.fit(IMAGES, np.eye(4)[[0, 1, 2]], verbose=0)
    save_model(trained, tmp_path / "with.keras", META, optimizer=True)
    save_model(trained, tmp_path / "without.keras", META, optimizer=False)
    assert (tmp_path / "with.keras").stat().st_size > 1.5 * (tmp_path / "without.keras").stat().st_size
    assert keras.saving.load_model(tmp_path / "with.keras").optimizer.iterations.numpy() == 1


@pytest.mark.parametrize("fault", ["missing", "text", "cut off", "other zip", "no meta"])
def test_a_file_that_is_not_our_model_is_named(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "x.keras"
    if fault == "text":
        path.write_text("not a zip")
    elif fault == "cut off":
        save_model(model(), path, META, optimizer=False)
        path.write_bytes(path.read_bytes()[:5000])
    elif fault == "other zip":
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("met_culture.json", "{}")
    elif fault == "no meta":
        model().save(path)
    with pytest.raises(UserError, match=r"x\.keras"):
        load_model(path)


@pytest.mark.parametrize(
    "change",
    [{"labels": ["a", "b", "c"]}, {"labels": 3}, {"image_size": 64}, {"fit": "stretch"}, {"source": None}, {"more": 1}],
)
def test_meta_that_does_not_fit_the_network_is_named(tmp_path: Path, change: dict) -> None:
    path = tmp_path / "x.keras"
    save_model(model(), path, META | change, optimizer=False)
    with pytest.raises(UserError, match=r"x\.keras is not a model of this project"):
        load_model(path)


def test_a_model_that_would_run_code_is_refused(tmp_path: Path) -> None:
    hostile = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x)])
    save_model(hostile, tmp_path / "hostile.keras", META, optimizer=True)
    with pytest.raises(UserError, match=r"hostile\.keras"):
        load_model(tmp_path / "hostile.keras")


def test_a_model_of_an_older_release_is_read(tmp_path: Path) -> None:
    """Older releases kept the layer in another module, where Keras finds it by its registered name, and had `auto`."""
    image = keras.Input((48, 48, 3), dtype="uint8")
    maps = keras.layers.Conv2D(2, 3)(keras.layers.Rescaling(1 / 255)(image))
    output = keras.layers.Dense(4, activation="softmax")(MeanAndDeviation()(maps))
    original = keras.Model(image, output)
    save_model(original, tmp_path / "new.keras", META | {"interpolation": "auto"}, optimizer=False)
    with zipfile.ZipFile(tmp_path / "new.keras") as new, zipfile.ZipFile(tmp_path / "old.keras", "w") as old:
        for name in new.namelist():
            old.writestr(name, new.read(name).replace(b'"met_culture.models.layers"', b'"met_culture.pooling"'))
    with zipfile.ZipFile(tmp_path / "old.keras") as old:
        config = old.read("config.json")
    assert b'"module": "met_culture.pooling"' in config
    assert b'"registered_name": "met_culture>MeanAndDeviation"' in config
    loaded, meta = load_model(tmp_path / "old.keras")
    assert (meta.epoch, meta.interpolation) == (3, "area")
    assert np.array_equal(original.predict_on_batch(IMAGES), loaded.predict_on_batch(IMAGES))


def test_weights_that_are_no_numbers_are_named(tmp_path: Path) -> None:
    write_model(tmp_path, seed=1)
    network, _ = load_model(tmp_path / "models/model.keras")
    network.set_weights([np.full_like(weights, np.nan) for weights in network.get_weights()])
    save_model(network, tmp_path / "nan.keras", META, optimizer=False)
    with pytest.raises(UserError, match=r"nan\.keras has weights that are no finite numbers"):
        load_model(tmp_path / "nan.keras")


def test_values_that_are_no_probabilities_are_named(tmp_path: Path) -> None:
    write_model(tmp_path, seed=1)
    network, meta = load_model(tmp_path / "models/model.keras")
    images = np.zeros((1, meta.image_size, meta.image_size, 3), np.uint8)
    assert predict_probabilities(network, images).shape == (1, 4)
    for value in (np.nan, np.inf, 1.5, -0.5):
        network.predict_on_batch = lambda _, value=value: np.full((1, 4), value)
        with pytest.raises(UserError, match=r"models/model\.keras gives values that are no probabilities"):
            predict_probabilities(network, images)
