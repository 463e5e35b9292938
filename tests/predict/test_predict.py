import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from saved_models import META
from support import ROOT, picture, set_param

from met_culture.common.config import load
from met_culture.common.errors import UserError
from met_culture.models.model_file import load_model, save_model
from met_culture.predict import __main__ as command
from met_culture.predict import predictor
from met_culture.predict.inputs import from_paths
from met_culture.predict.outputs import FORMATS, Failure, Prediction
from met_culture.preprocess.arrays import to_array
from met_culture.train.networks import build
from met_culture.train.params import TrainParams


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with a model and two pictures."""
    monkeypatch.chdir(tmp_path)
    model = build(load("train", TrainParams, ROOT / "params.yaml"), 48, 4).trainable
    save_model(model, tmp_path / "models/model.keras", META, optimizer=False)
    picture(tmp_path / "a.jpg", seed=1, size=(300, 200))
    picture(tmp_path / "b.jpg", seed=2, size=(90, 400))
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["predict", *arguments])
    return command.main()


def test_json_lines(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--json", "a.jpg", "b.jpg") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["image"] for line in lines] == ["a.jpg", "b.jpg"]
    for line in lines:
        assert set(line) == {"image", "label", "unsure", "probabilities"}
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


def probabilities(models: predictor.Models, *paths: str) -> list[np.ndarray]:
    return [result.probabilities for result in predictor.predict(from_paths(paths), models)]


def test_the_model_sees_what_training_saw(folder: Path) -> None:
    model, meta = load_model(folder / "models/model.keras")
    array = to_array((folder / "a.jpg").read_bytes(), 48, "letterbox", "area")
    (image,) = from_paths(["a.jpg"])
    assert np.array_equal(predictor.model_inputs(image, [(model, meta)])[0], array)
    assert np.allclose(probabilities([(model, meta)], "a.jpg")[0], model.predict_on_batch(array[None])[0], atol=1e-6)


def test_what_cannot_be_read_is_reported_and_the_rest_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "page.jpg").write_text("<html>")
    (folder / "cut.jpg").write_bytes((folder / "a.jpg").read_bytes()[:-400])
    assert run(monkeypatch, "--json", "missing.jpg", "page.jpg", "cut.jpg", "models", "b.jpg") == 1
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 1
    errors = printed.err.splitlines()
    assert [line.split(": ")[1] for line in errors] == ["missing.jpg", "page.jpg", "cut.jpg", "models"]
    assert "HTML, not an image" in errors[1]
    assert "cut off" in errors[2]
    assert "without images" in errors[3]


def test_another_model_file(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.move(folder / "models/model.keras", folder / "mine.keras")
    assert run(monkeypatch, "--model", "mine.keras", "a.jpg") == 0
    with pytest.raises(UserError, match=r"models/model\.keras is missing"):
        run(monkeypatch, "a.jpg")


def test_several_models_give_the_mean_each_of_its_own_size(folder: Path) -> None:
    large = build(load("train", TrainParams, ROOT / "params.yaml"), 64, 4).trainable
    save_model(large, folder / "large.keras", META | {"image_size": 64}, optimizer=False)
    models = predictor.load_models([folder / "models/model.keras", folder / "large.keras"])
    alone = [probabilities([model], "a.jpg")[0] for model in models]
    assert not np.allclose(*alone)
    assert probabilities(models, "a.jpg")[0] == pytest.approx(np.mean(alone, axis=0), abs=1e-6)


def test_many_pictures_keep_their_order_beside_broken_ones(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictor, "BATCH", 4)
    models = predictor.load_models([folder / "models/model.keras"])
    names = ["a.jpg", "missing.jpg", "b.jpg"] * 5
    results = list(predictor.predict(from_paths(names), models))
    assert [result.name for result in results] == names
    expected = {name: probabilities(models, name)[0] for name in ("a.jpg", "b.jpg")}
    for result in results:
        if result.name == "missing.jpg":
            assert isinstance(result, Failure)
            assert result.error
        else:
            assert isinstance(result, Prediction)
            assert np.allclose(result.probabilities, expected[result.name], atol=1e-6)


def test_a_folder_and_standard_input(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("b.jpg\n"))
    assert run(monkeypatch, "--format", "csv", "--top", "2", ".", "-") == 0
    assert [line.split(",")[0] for line in capsys.readouterr().out.splitlines()] == ["image", "a.jpg", "b.jpg", "b.jpg"]


def test_the_models_own_threshold_or_the_given_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model, _ = load_model(folder / "models/model.keras")
    save_model(model, folder / "modest.keras", META | {"threshold": 1.0}, optimizer=False)
    run(monkeypatch, "--model", "modest.keras", "a.jpg")
    run(monkeypatch, "--model", "modest.keras", "--threshold", "0.1", "a.jpg")
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("unsure")
    assert not second.startswith("unsure")


def test_explain_writes_where_the_network_looked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "--explain", "heat", "a.jpg", "missing.jpg", "b.jpg") == 1
    assert sorted(path.name for path in (folder / "heat").iterdir()) == ["0001_a.png", "0003_b.png"]
    with Image.open(folder / "heat/0001_a.png") as image:
        assert image.size == (48, 48)


def test_an_object_by_its_id(
    folder: Path, museum: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(ROOT / "params.yaml", folder)
    set_param(folder, "source: sample", f"source: {museum}")
    assert run(monkeypatch, "--json", "--object-id", "3", "99") == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["image"] == "3"
    assert "error: 99: 404: the museum has no such object" in printed.err


@pytest.mark.parametrize("arguments", [[], ["--threshold", "2", "a.jpg"], ["--top", "0", "a.jpg"]])
def test_wrong_arguments_are_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        run(monkeypatch, *arguments)
    assert "error: " in capsys.readouterr().err


def test_models_of_other_labels_do_not_predict_together(folder: Path) -> None:
    model, _ = load_model(folder / "models/model.keras")
    save_model(model, folder / "other.keras", META | {"labels": ["ink", "oil", "wood", "silk"]}, optimizer=False)
    with pytest.raises(UserError, match=r"other\.keras was trained for other labels than models/model\.keras"):
        predictor.load_models([Path("models/model.keras"), Path("other.keras")])


def test_a_model_of_the_sample_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model, _ = load_model(folder / "models/model.keras")
    save_model(model, folder / "sample.keras", META | {"source": "synthetic sample"}, optimizer=False)
    run(monkeypatch, "--model", "sample.keras", "a.jpg")
    assert "synthetic sample, not on real paintings" in capsys.readouterr().err


@pytest.mark.parametrize("form", FORMATS)
def test_a_model_that_gives_no_numbers_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    model, _ = load_model(folder / "models/model.keras")
    head = model.layers[-1]
    head.set_weights([np.full_like(weights, 3e38) for weights in head.get_weights()])  # finite, but their sum is not
    save_model(model, folder / "huge.keras", META, optimizer=False)
    with pytest.raises(UserError, match=r"^huge\.keras gives values that are no probabilities"):
        run(monkeypatch, "--format", form, "--model", "huge.keras", "a.jpg")


@pytest.mark.parametrize("encoding", [pytest.param("utf-8:strict", marks=pytest.mark.slow), "ascii:strict"])
@pytest.mark.parametrize(
    "form", ["csv", *(pytest.param(form, marks=pytest.mark.slow) for form in FORMATS if form != "csv")]
)
def test_no_name_keeps_the_other_images_from_their_answer(folder: Path, encoding: str, form: str) -> None:
    names = [b"caf\xe9.jpg", "山水.jpg".encode(), b"\x1b[31m.jpg", b"b.jpg"]
    for name in names[:-1]:
        shutil.copy(folder / "a.jpg", os.fsdecode(folder / os.fsdecode(name)))
    os.mkfifo(folder / "pipe")
    command = [sys.executable, "-m", "met_culture.predict", "--format", form, b"a\nerror: forged", b"pipe", b"-"]
    env = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, input=b"\n".join(names), capture_output=True, env=env, check=False, timeout=120)
    assert len(done.stdout.splitlines()) == len(names) + (form == "csv")
    assert done.stderr.splitlines() == [
        rb"error: a\nerror: forged: No such file or directory",
        b"error: pipe: a named pipe, not a file",
    ]
    assert b"\x1b" not in done.stdout
    assert done.returncode == 1
