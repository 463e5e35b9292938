from pathlib import Path

import pytest
from cloning import Clone
from saved_models import repository

from met_culture.common.errors import UserError
from met_culture.dashboard import revisions


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    return repository(tmp_path_factory.mktemp("revisions") / "repository")


def test_models_of_commits_are_offered_and_loaded(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clone.folder)
    models, note = revisions.revisions()
    assert note == ""
    commits = clone.run("git", "log", "--format=%h").split()
    assert [model.name for model in models] == ["workspace", "main", commits[1]]
    thresholds = [model.load()[0][1].threshold for model in models]
    assert thresholds == [1.0, 0.0, 0.0]
    weights = {model.load()[0][0].get_weights()[0].tobytes() for model in models}
    assert len(weights) == 3


def test_a_model_that_has_left_the_cache_is_not_offered(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clone.folder)
    main = next(model for model in revisions.revisions()[0] if model.name == "main")
    path = clone.folder / ".dvc/cache/files/md5" / main.digest[:2] / main.digest[2:]
    content = path.read_bytes()
    path.unlink()
    try:
        assert "main" not in [model.name for model in revisions.revisions()[0]]
        with pytest.raises(UserError, match="main is no longer in DVC's cache"):
            main.load()
    finally:
        path.write_bytes(content)


def test_outside_a_repository_there_is_the_folder_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    models, note = revisions.revisions()
    assert [model.name for model in models] == ["workspace"]
    assert note.startswith("Models of commits and experiments are not available")
    with pytest.raises(UserError, match=r"models/model\.keras is missing"):
        models[0].load()
