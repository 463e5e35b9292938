import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, picture

from met_culture import predict
from met_culture.command import UserError
from met_culture.modelfile import load_model, save_model
from met_culture.models import build
from met_culture.params import load
from met_culture.pixels import to_array

META = {
    "labels": ["China", "Japan", "America", "India"],
    "image_size": 32,
    "fit": "letterbox",
    "epoch": 1,
    "interpolation": "area",
    "source": "museum folder x",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with a model and two pictures."""
    monkeypatch.chdir(tmp_path)
    model = build(load("train", ROOT / "params.yaml"), 32, 4).trainable
    save_model(model, tmp_path / "models/model.keras", META, optimizer=False)
    picture(tmp_path / "a.jpg", seed=1, size=(300, 200))
    picture(tmp_path / "b.jpg", seed=2, size=(90, 400))
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["predict", *arguments])
    return predict.main()


def test_json_lines(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--json", "a.jpg", "b.jpg") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["image"] for line in lines] == ["a.jpg", "b.jpg"]
    for line in lines:
        assert set(line) == {"image", "label", "probabilities"}
        assert list(line["probabilities"]) == META["labels"]
        assert sum(line["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        assert line["label"] == max(line["probabilities"], key=line["probabilities"].get)


def test_a_person_reads_label_and_probabilities(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "a.jpg")
    out = capsys.readouterr().out
    assert all(label in out for label in META["labels"])
    assert out.rstrip().endswith("a.jpg")


def test_the_model_sees_what_training_saw(folder: Path) -> None:
    model, meta = load_model(folder / "models/model.keras")
    array = to_array((folder / "a.jpg").read_bytes(), 200, 32, "letterbox", "area")
    assert np.array_equal(predict.read_image(folder / "a.jpg", meta), array)
    expected = model.predict_on_batch(array[None])[0]
    got = predict.predict([(model, meta)], folder / "a.jpg")["probabilities"]
    assert np.allclose(list(got.values()), expected, atol=1e-6)


def test_what_cannot_be_read_is_reported_and_the_rest_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "page.jpg").write_text("<html>")
    (folder / "cut.jpg").write_bytes((folder / "a.jpg").read_bytes()[:-400])
    assert run(monkeypatch, "--json", "missing.jpg", "page.jpg", "cut.jpg", ".", "b.jpg") == 1
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 1
    errors = printed.err.splitlines()
    assert [line.split(": ")[1] for line in errors] == ["missing.jpg", "page.jpg", "cut.jpg", "."]
    assert "HTML, not an image" in errors[1]
    assert "cut off" in errors[2]


def test_another_model_file(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.move(folder / "models/model.keras", folder / "mine.keras")
    assert run(monkeypatch, "--model", "mine.keras", "a.jpg") == 0
    with pytest.raises(UserError, match=r"models/model\.keras is missing"):
        run(monkeypatch, "a.jpg")


def test_several_models_give_the_mean_each_of_its_own_size(folder: Path) -> None:
    large = build(load("train", ROOT / "params.yaml"), 48, 4).trainable
    save_model(large, folder / "large.keras", META | {"image_size": 48}, optimizer=False)
    models = predict.load_models([folder / "models/model.keras", folder / "large.keras"])
    alone = [list(predict.predict([each], folder / "a.jpg")["probabilities"].values()) for each in models]
    both = list(predict.predict(models, folder / "a.jpg")["probabilities"].values())
    assert not np.allclose(*alone)
    assert both == pytest.approx(np.mean(alone, axis=0))


def test_models_of_other_labels_do_not_predict_together(folder: Path) -> None:
    model, _ = load_model(folder / "models/model.keras")
    save_model(model, folder / "other.keras", META | {"labels": ["ink", "oil", "wood", "silk"]}, optimizer=False)
    with pytest.raises(UserError, match=r"other\.keras was trained for other labels than models/model\.keras"):
        predict.load_models([Path("models/model.keras"), Path("other.keras")])


def test_a_model_of_the_sample_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model, _ = load_model(folder / "models/model.keras")
    save_model(model, folder / "sample.keras", META | {"source": "synthetic sample"}, optimizer=False)
    run(monkeypatch, "--model", "sample.keras", "a.jpg")
    assert "synthetic sample, not on real paintings" in capsys.readouterr().err
