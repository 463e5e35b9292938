"""The twelve plots of explore, each drawn from the collection."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from met_culture.common.record_keys import COLUMNS
from met_culture.explore import plots, statistics
from met_culture.explore.collection import Collection
from met_culture.explore.distributions import distributions
from met_culture.explore.params import ExploreParams
from met_culture.explore.thumbnails import captioned, cells_by_label, mean_colours, sample_rows
from met_culture.fetch.records import INTEGERS
from met_culture.plotting.style import Cell

GRID_COLUMNS = 6
ARTICLE_CULTURES = 15


def _random_objects(collection: Collection, count: int, rng: np.random.Generator) -> Figure:
    with_image = collection.objects[collection.objects["status"] == "ok"]
    with_image = with_image.fillna({"title": "", "objectDate": "", "creditLine": ""})
    cells = captioned(sample_rows(with_image, count, rng), collection.raw)
    return plots.grid(cells, GRID_COLUMNS, "Some of everything that was fetched", collection.scope)


def _random_paintings(collection: Collection, rng: np.random.Generator) -> Figure:
    cells = cells_by_label(collection.paintings, collection.labels, collection.raw, GRID_COLUMNS, rng)
    return plots.grid(cells, GRID_COLUMNS, "Some paintings of each culture", collection.kept_scope)


def _fullest_object(collection: Collection) -> Figure:
    records = collection.objects[list(COLUMNS)]
    # A null among integers makes the others floats, and 1700 would be shown as 1700.0.
    records = records.astype(dict.fromkeys(INTEGERS, "Int64")).astype(dict.fromkeys(INTEGERS, object))
    filled_columns = (records.fillna("").astype(str) != "").sum(axis=1)
    return plots.example(records.iloc[int(filled_columns.argmax())], collection.scope)


def _cultures(collection: Collection, count: int) -> Figure:
    cultures = statistics.cultures(collection.objects, count)
    if not cultures["paintings"].any():  # a list of images need not say what its works are
        return _object_counts(collection, cultures["works"], "Works by culture")
    title = "Works (and paintings) by culture"
    return plots.bars(cultures["works"], title, collection.scope, "objects", cultures["paintings"])


def _article_classifications(collection: Collection, count: int) -> Figure:
    names = collection.objects["classification"].fillna("")
    different = names[names != ""].nunique()
    title = f"As in the article: works by classification, {different:,} names as the records have them"
    return _object_counts(collection, statistics.top(names.replace("", statistics.EMPTY), count), title)


def _article_cultures(collection: Collection) -> Figure:
    kept = collection.paintings["objectID"]
    cultures = statistics.painting_cultures(collection.objects, kept, ARTICLE_CULTURES)
    article, ours = (cultures[name] for name in cultures)
    title = "As in the article: paintings by culture, as the records name it"
    return plots.bars(article, title, collection.scope, "paintings", ours)


def _shapes(collection: Collection) -> Figure:
    shapes = statistics.shapes(collection.objects, collection.paintings)
    colours = mean_colours(collection.paintings, collection.labels, collection.raw)
    return distributions(shapes, colours, collection.labels, collection.kept_scope)


def _duplicates(collection: Collection, rows: int) -> Figure:
    groups = statistics.duplicates(collection.paintings)
    cells: list[Cell] = []
    for number, members in enumerate(groups[:rows], 1):
        cells += captioned(members.head(GRID_COLUMNS), collection.raw, f"group {number}")
    title = f"Duplicates: {len(groups):,} groups of copies, near-duplicates and leaves of an album"
    return plots.grid(cells, GRID_COLUMNS, title, collection.kept_scope)


def _object_counts(collection: Collection, values: pd.Series, title: str) -> Figure:
    return plots.bars(values, title, collection.scope, "objects")


def overview(collection: Collection, params: ExploreParams) -> Iterator[tuple[str, Figure]]:
    """Yield the name and the figure of every plot; one figure at a time, because it holds many images."""
    objects, rng = collection.objects, np.random.default_rng(params.seed)
    yield "collection", _random_objects(collection, params.pictures, rng)
    yield "classes", _random_paintings(collection, rng)
    yield "object", _fullest_object(collection)
    title = "Filled cells of each of the 57 columns"
    yield "columns", plots.bars(statistics.filled(objects), title, collection.scope, "fraction of objects")
    classifications = statistics.top(statistics.families(objects["classification"]), params.bars)
    yield "classifications", _object_counts(collection, classifications, "Classifications, aliases joined")
    yield "article_classifications", _article_classifications(collection, params.bars)
    yield "cultures", _cultures(collection, params.bars)
    yield "article_cultures", _article_cultures(collection)
    media = statistics.top(statistics.media(objects["medium"]), params.bars)
    yield "media", _object_counts(collection, media, "Most used media")
    title = "Paintings, drawings, sculptures, by classification or name"
    yield "kinds", _object_counts(collection, statistics.kinds(objects), title)
    yield "shapes", _shapes(collection)
    yield "duplicates", _duplicates(collection, params.pictures // GRID_COLUMNS)
