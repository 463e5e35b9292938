"""The trained models to choose from: the workspace's, and those of commits and experiments in DVC's cache."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from dvc.exceptions import DvcException
from dvc.repo import Repo

from met_culture.common.errors import UserError
from met_culture.compare.exp_show import cached_output, listings
from met_culture.predict.predictor import Models, load_models

MODEL = "models/model.keras"
COMMITS = 10  # number of commits to search, with their experiments


@dataclass(frozen=True)
class Revision:
    """A trained model.

    Attributes:
        name: `workspace`, or the names of commits and experiments.
        digest: Hash of the model in DVC; empty for the workspace.
    """

    name: str
    digest: str = ""

    def load(self) -> Models:
        """Return the model as the only one in a list.

        Raises:
            UserError: It is missing, damaged or not of this project.
        """
        if not self.digest:
            return load_models([Path(MODEL)])
        with Repo() as repo:
            content = cached_output(repo, self.digest)
        if content is None:
            raise UserError(f"the model of {self.name} is no longer in DVC's cache; pull it (`dvc exp pull`).")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"  # Keras needs the suffix
            path.write_bytes(content)
            try:
                models = load_models([path])
            except UserError as error:
                raise UserError(str(error).replace(str(path), f"the model of {self.name}")) from None
            models[0][0].file = f"the model of {self.name}"
            return models


def _names_by_digest() -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for listing in listings(COMMITS):
        digest = (listing.data.get("outs") or {}).get(MODEL, {}).get("hash")
        if digest:
            names.setdefault(digest, []).append(listing.name)
    return names


def revisions() -> tuple[list[Revision], str]:
    """Return the models that can be loaded, the workspace's first, and why others are missing, or an empty text.

    Models with equal bytes are one revision with all their names.
    """
    workspace = Revision("workspace")
    try:
        with Repo() as repo:
            names = _names_by_digest()
            cached = [digest for digest in names if cached_output(repo, digest) is not None]
    except (DvcException, UserError) as error:
        return [workspace], f"Models of commits and experiments are not available: {error}"
    return [workspace, *(Revision(", ".join(names[digest]), digest) for digest in cached)], ""
