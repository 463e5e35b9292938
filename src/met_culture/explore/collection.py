"""What explore reads: every fetched object, the paintings that clean kept, and their labels."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from met_culture.clean.tables import REBUILD, read_paintings
from met_culture.common.errors import UserError
from met_culture.common.files import read_json
from met_culture.common.schemas import Labels, Origin
from met_culture.fetch.records import SCHEMA, read_objects

API = "Metropolitan Museum of Art"  # start of the name of this source


@dataclass(frozen=True)
class Collection:
    """The outputs of fetch and clean.

    Attributes:
        objects: One row per fetched object: the columns of objects.parquet.
        paintings: One row per kept object: the columns of paintings.csv.
        labels: All labels, in order.
        source: Name of the data.
        raw: The folder of fetch, in which the paths of images start.
    """

    objects: pd.DataFrame
    paintings: pd.DataFrame
    labels: list[str]
    source: str
    raw: Path

    @property
    def scope(self) -> str:
        """The subtitle of plots of all objects."""
        return scope(self.source, len(self.objects))

    @property
    def kept_scope(self) -> str:
        """The subtitle of plots of paintings."""
        return f"{self.scope}; {len(self.paintings):,} paintings kept"


def read_collection(raw: Path, clean: Path) -> Collection:
    """Return the collection from the folders of fetch and clean.

    Raises:
        UserError: A file is missing or damaged, or the paintings are not among the objects.
    """
    labels = read_json(clean / "labels.json", Labels, REBUILD)["labels"]
    source = read_json(raw / "source.json", Origin, "dvc repro fetch")["source"]
    objects = read_objects(raw / "objects.parquet", SCHEMA.names).to_pandas()
    paintings = read_paintings(clean / "paintings.csv", labels)
    if not paintings["objectID"].isin(objects["objectID"]).all():
        raise UserError(f"{clean / 'paintings.csv'} has paintings of another fetch; run `{REBUILD}`.")
    return Collection(objects, paintings, labels, source, raw)


def scope(source: str, objects: int) -> str:
    """Return which objects were fetched, so that nobody takes a count for that of the whole museum."""
    if API in source:
        return f"{source}: the {objects:,} objects that fetch has chosen"
    return f"{source}: all {objects:,} objects"
