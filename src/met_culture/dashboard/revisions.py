"""The trained models to choose from: those of this folder, and those of commits and experiments in DVC's cache."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from dvc.exceptions import DvcException
from dvc.repo import Repo

from met_culture.common.errors import UserError
from met_culture.compare.dvc_experiments import cached, shown
from met_culture.predict.predictor import Models, load_models

MODEL = "models/model.keras"
COMMITS = 10  # that are looked through, with their experiments


@dataclass(frozen=True)
class Revision:
    """A trained model.

    Attributes:
        name: What the user calls it: `workspace`, or names of commits and experiments.
        digest: Its hash in DVC; empty for the file in the folder.
    """

    name: str
    digest: str = ""

    def load(self) -> Models:
        """Return the model, alone.

        Raises:
            UserError: It is missing, damaged or not of this project.
        """
        if not self.digest:
            return load_models([Path(MODEL)])
        with Repo() as repo:
            content = cached(repo, self.digest)
        if content is None:
            raise UserError(f"the model of {self.name} is no longer in DVC's cache; pull it (`dvc exp pull`).")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"  # Keras goes by the suffix
            path.write_bytes(content)
            return load_models([path])


def revisions() -> tuple[list[Revision], str]:
    """Return the models that can be loaded, the folder's first, and why others are missing, if they are.

    Models of equal bytes are one, with all their names.
    """
    names: dict[str, list[str]] = {}
    try:
        with Repo() as repo:
            for commit in shown(COMMITS):
                if commit["rev"] == "workspace":
                    continue
                states = [(commit.get("name") or commit["rev"][:7], commit.get("data"))]
                for each in commit.get("experiments") or []:
                    one = each["revs"][0]
                    states.append((each.get("name") or one["rev"][:7], one.get("data")))
                for name, data in states:
                    digest = ((data or {}).get("outs") or {}).get(MODEL, {}).get("hash")
                    if digest:
                        names.setdefault(digest, []).append(name)
            names = {digest: each for digest, each in names.items() if cached(repo, digest) is not None}
    except (DvcException, UserError) as error:
        return [Revision("workspace")], f"Models of commits and experiments are not offered: {error}"
    found = [Revision(", ".join(each), digest) for digest, each in names.items()]
    return [Revision("workspace"), *found], ""
