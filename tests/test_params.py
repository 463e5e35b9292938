import dataclasses
from pathlib import Path

import pytest
import yaml
from support import ROOT, set_param

from met_culture.common.config import load
from met_culture.common.errors import UserError
from met_culture.params import SECTIONS, check_all
from met_culture.preprocess.params import PreprocessParams
from met_culture.train.params import AugmentParams, TrainParams


def test_the_committed_file_is_valid_and_complete() -> None:
    check_all(ROOT / "params.yaml")
    content = yaml.safe_load((ROOT / "params.yaml").read_text())
    for section, params in SECTIONS.items():
        assert set(content[section]) == {field.name for field in dataclasses.fields(params)}


def test_the_articles_values() -> None:
    train, preprocess = (
        load("train", TrainParams, ROOT / "params.yaml"),
        load("preprocess", PreprocessParams, ROOT / "params.yaml"),
    )
    assert (train.model, train.epochs, train.batch_size, train.dropout) == ("cnn", 50, 32, 0.5)
    assert (train.optimizer, train.learning_rate, train.schedule) == ("adam", 0.001, "constant")
    assert train.augment == AugmentParams(rotation=10, zoom=0.2, shift=0.2, shear=0.2, flip=False)
    assert (preprocess.image_size, preprocess.interpolation, preprocess.fit) == (150, "cubic", "squash")


def test_parameters_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        load("train", TrainParams, ROOT / "params.yaml").epochs = 3


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("epochs: 50", "epochs: -1", "train.epochs"),
        ("epochs: 50", "epochs: 2.5", "train.epochs"),
        ("epochs: 50", "epochs: true", "train.epochs"),
        ("image_size: 150", "image_size: big", "preprocess.image_size"),
        ("image_size: 150", "image_size: 45", "preprocess.image_size"),
        ("  seed: 11", "  sead: 11", "clean.sead"),
        ("  batch_size: 32", "  #", "train.batch_size"),
        ("flip: false", "flip: 3", "train.augment.flip"),
        ("zoom: 0.2", "zoom: 1", "train.augment.zoom"),
        ("zoom: 0.2", "rotate: 0.2", "train.augment.rotate"),
        ("learning_rate: 0.001", "learning_rate: .inf", "train.learning_rate"),
        ("learning_rate: 0.001", "learning_rate: 0", "train.learning_rate"),
        ("optimizer: adam", "optimizer: lion", "train.optimizer"),
        ("fit: squash", "fit: stretch", "preprocess.fit"),
        ("val_fraction: 0.15", "val_fraction: 0.9", "clean"),
        ("target: [culture, country]", "target: [colour]", "clean.target"),
        ("pattern: China }", 'pattern: "(" }', "clean.labels.0.pattern"),
        ("label: Japan", 'label: "=Japan"', "clean.labels.1.label"),
        ("label: Japan", 'label: "J</script><script>"', "clean.labels.1.label"),
        ("label: Japan", "label: China", "clean: labels must be unique, and china appears twice"),
        ("https://collectionapi.metmuseum.org/public/collection", '"http://[::1"', "fetch.api"),
        ("timeout_s: 30", "timeout_s: 1.0e+10", "fetch.timeout_s"),
        ("source: sample", "source: ~nosuchuser/x", "fetch.source"),
        ("  model: cnn", "  model: &a [*a]", "train"),
        ("  model: cnn", "  2020-01-01: cnn", "train"),
        ("requests_per_second: 1.0", "requests_per_second: 100", "fetch.requests_per_second"),
        ("api: https", "api: ftp", "fetch.api"),
        ("\nevaluate:", "\nevaluation:", "evaluation"),
        ("source: sample", "source: ../no/museum", "fetch.source"),
        ("fetch:", "fetch: [", "params.yaml"),
        ("since: null", "since: 2026-02-30", "fetch.since"),
        ("since: null", "since: !!int x", "fetch.since"),
        ("since: null", "since: !!python/name:os.system", "fetch.since"),
        ("seed: 11", "seed: 11\n  seed: 12", "clean.seed: the key appears twice"),
        ("\nclean:", "\nfetch: {}\nclean:", "fetch: the key appears twice"),
        ("    zoom: 0.2", "    zoom: 0.2\n    zoom: 0.2", "train.augment.zoom: the key appears twice"),
        ("epochs: 50", f"epochs: 0x{'f' * 3000}", "train.epochs"),
        ("epochs: 50", "epochs: 1000000000000", "less than or equal to 100000"),
        ("  batch_size: 32", "  batch_size: 1000000000000", "train.batch_size"),
        ("versions: 6", "versions: 1000000000000", "train.versions"),
        ("schedule_length: 50", "schedule_length: 1000000000000", "train.schedule_length"),
        ("batch_size: 1 ", "batch_size: 1000000000000 ", "evaluate.batch_size"),
        ("calibration_bins: 10", "calibration_bins: 1000000000000", "evaluate.calibration_bins"),
        ("bootstrap_samples: 2000", "bootstrap_samples: 1000000000000", "evaluate.bootstrap_samples"),
        ("pictures: 24", "pictures: 1000000000000", "explore.pictures"),
        ("bars: 30", "bars: 1000000000000", "explore.bars"),
        ("limit: null", "limit: 1000000000000", "fetch.limit"),
        ("pattern: China }", 'pattern: "a{99999999999999999999}" }', "clean.labels.0.pattern"),
        ("pattern: China }", f'pattern: "{"(" * 900}{")" * 90}" }}', "clean.labels.0.pattern"),
        ("pattern: China }", f'pattern: "{"x" * 5000}" }}', "clean.labels.0.pattern"),
        ("target: [culture, country]", "target: &a [culture, culture]\n  keep: *a", "clean.keep"),
    ],
)
def test_wrong_values_name_their_key_in_one_sentence(workspace: Path, old: str, new: str, key: str) -> None:
    set_param(workspace, old, new)
    with pytest.raises(UserError) as error:
        check_all()
    assert key in str(error.value)
    assert "\n" not in str(error.value)


def test_scientific_notation_is_a_number_though_yaml_1_1_calls_it_text(workspace: Path) -> None:
    set_param(workspace, "learning_rate: 0.001", "learning_rate: 1e-4")
    assert load("train", TrainParams).learning_rate == 1e-4


def test_missing_file_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="root of the repository"):
        load("train", TrainParams, tmp_path / "params.yaml")


@pytest.mark.parametrize(
    "content",
    ["", "3", "[1, 2]", "\x00", "fetch: &a [*a]", "[" * 3000, "x" * 200_000, "- a\n- b: [", "2: 3", "<<: {a: 1}"],
)
def test_hostile_files_are_one_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "params.yaml").write_text(content)
    with pytest.raises(UserError):
        check_all(tmp_path / "params.yaml")


def test_an_anchor_bomb_is_refused_at_once(workspace: Path) -> None:
    lists = ["&a0 [culture, culture]"]
    lists += [f"&a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 10)]
    set_param(workspace, "target: [culture, country]", f"target: [{', '.join(lists)}]")
    with pytest.raises(UserError, match=r"line \d+: clean\.target.*anchors"):
        check_all()
