from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from support import ROOT, picture

from met_culture.common.config import load
from met_culture.dashboard import neighbours
from met_culture.images.check import ImageError
from met_culture.models.model_file import ModelMeta
from met_culture.predict.predictor import Models, model_inputs
from met_culture.train.networks import build
from met_culture.train.params import TrainParams

LABELS = ("China", "Japan", "America", "India")
META = ModelMeta(LABELS, 64, "area", "squash", "museum folder x", 1)
PARAMS = load("train", TrainParams, ROOT / "params.yaml")
IMAGES = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), np.uint8)


@pytest.fixture(scope="module", params=["cnn", "efficientnet_lite0", "style"])
def models(request: pytest.FixtureRequest) -> Models:
    model = build(replace(PARAMS, model=request.param), 64, 4).whole()
    last = model.layers[-1] if request.param == "cnn" else model.layers[-1].layers[-1]
    last.set_weights([np.random.default_rng(1).normal(size=part.shape) for part in last.get_weights()])
    return [(model, META)]


@pytest.fixture
def paintings(tmp_path: Path) -> pd.DataFrame:
    """Return forty paintings of which three cannot be used and two are no training paintings."""
    for number in range(40):
        picture(tmp_path / f"images/{number}.jpg", number)
    (tmp_path / "images/7.jpg").write_text("<html>")
    (tmp_path / "images/8.jpg").unlink()
    table = pd.DataFrame(
        {"image_file": [f"images/{n}.jpg" for n in range(40)], "split": "train", "objectID": range(40)}
    )
    picture(tmp_path.parent / "outside.jpg", 1)
    table.loc[9, "image_file"] = "../outside.jpg"
    table.loc[[20, 30], "split"] = ["val", "test"]
    return table


def test_the_last_layer_reads_what_pictures_are_compared_by(models: Models) -> None:
    model = models[0][0]
    features = np.asarray(neighbours.embedding(model).predict_on_batch(IMAGES))
    last = model.layers[-1] if isinstance(model, keras.Sequential) else model.layers[-1].layers[-1]
    assert np.allclose(np.asarray(last(features)), model.predict_on_batch(IMAGES), atol=1e-5)


def test_features_have_unit_length(models: Models) -> None:
    features = neighbours.embed(neighbours.embedding(models[0][0]), IMAGES)
    assert features.dtype == np.float32
    assert np.allclose(np.linalg.norm(features, axis=1), 1, atol=1e-5)


def test_a_picture_is_nearest_to_itself(models: Models, paintings: pd.DataFrame, tmp_path: Path) -> None:
    embedder = neighbours.embedding(models[0][0])
    training = neighbours.neighbours(paintings, tmp_path, models, embedder)
    assert training.total == 38
    assert set(training.rows["objectID"]) == set(range(40)) - {7, 8, 9, 20, 30}
    array = model_inputs(neighbours.painting(tmp_path, "images/33.jpg"), models)[0]
    rows = training.nearest(neighbours.embed(embedder, array[None])[0], 4)
    assert rows["objectID"].iloc[0] == 33
    assert rows["similarity"].iloc[0] == pytest.approx(1, abs=1e-5)
    assert rows["similarity"].is_monotonic_decreasing


def test_of_many_some_are_drawn_and_always_the_same(
    models: Models, paintings: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "MAX_PAINTINGS", 10)
    embedder = neighbours.embedding(models[0][0])
    first, second = (neighbours.neighbours(paintings, tmp_path, models, embedder) for _ in range(2))
    assert 7 <= len(first.rows) <= 10
    assert first.total == 38
    assert list(first.rows["objectID"]) == list(second.rows["objectID"])


def test_without_paintings_there_are_none(models: Models, paintings: pd.DataFrame, tmp_path: Path) -> None:
    none = paintings[paintings["split"] == "no"]
    assert len(neighbours.neighbours(none, tmp_path, models, neighbours.embedding(models[0][0])).rows) == 0


@pytest.mark.parametrize("name", ["../outside.jpg", "images/../../outside.jpg", "/etc/passwd"])
def test_a_table_cannot_lead_out_of_its_folder(paintings: pd.DataFrame, tmp_path: Path, name: str) -> None:
    with pytest.raises(ImageError, match="outside"):
        neighbours.painting(tmp_path, name).read()
