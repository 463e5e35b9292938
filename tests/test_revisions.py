from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from test_pipeline import Clone
from test_predict import META

from met_culture import revisions
from met_culture.command import UserError
from met_culture.modelfile import save_model
from met_culture.models import build
from met_culture.params import load


def model(folder: Path, seed: int, threshold: float = 0.0) -> None:
    """Write the model of a folder: random weights."""
    network = build(replace(load("train", ROOT / "params.yaml"), seed=seed), 32, 4).trainable
    save_model(network, folder / "models/model.keras", META | {"threshold": threshold}, optimizer=False)


def repository(folder: Path) -> Clone:
    """Return a repository of two commits with a model each, and another model in the folder."""
    clone = Clone(folder)
    (folder / "models").mkdir(parents=True)
    (folder / "dvc.yaml").write_text(
        yaml.safe_dump({"stages": {"train": {"cmd": "true", "outs": ["models/model.keras"]}}})
    )
    clone.run("git", "init", "-q", "-b", "main")
    clone.run("dvc", "init", "-q")
    for seed in (1, 2):
        model(folder, seed)
        clone.run("dvc", "commit", "--force")
        clone.run("git", "add", ".")
        clone.run("git", "commit", "-qm", f"Model {seed}")
    (folder / "models/model.keras").unlink()
    model(folder, 3, threshold=1.0)
    return clone


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    return repository(tmp_path_factory.mktemp("revisions") / "repository")


def test_models_of_commits_are_offered_and_loaded(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clone.folder)
    found, note = revisions.revisions()
    assert note == ""
    commits = clone.run("git", "log", "--format=%h").split()
    assert [each.name for each in found] == ["workspace", "main", commits[1]]
    thresholds = [each.load()[0][1].threshold for each in found]
    assert thresholds == [1.0, 0.0, 0.0]
    weights = {each.load()[0][0].get_weights()[0].tobytes() for each in found}
    assert len(weights) == 3


def test_a_model_that_has_left_the_cache_is_not_offered(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clone.folder)
    main = next(each for each in revisions.revisions()[0] if each.name == "main")
    path = clone.folder / ".dvc/cache/files/md5" / main.digest[:2] / main.digest[2:]
    content = path.read_bytes()
    path.unlink()
    try:
        assert "main" not in [each.name for each in revisions.revisions()[0]]
        with pytest.raises(UserError, match="main is no longer in DVC's cache"):
            main.load()
    finally:
        path.write_bytes(content)


def test_outside_a_repository_there_is_the_folder_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found, note = revisions.revisions()
    assert [each.name for each in found] == ["workspace"]
    assert note.startswith("Models of commits and experiments are not offered")
    with pytest.raises(UserError, match=r"models/model\.keras is missing"):
        found[0].load()
