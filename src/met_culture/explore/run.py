"""Stage explore: draw what was fetched and kept, before anything is learned from it. Nothing depends on it.

Reads: `objects.parquet`, `images/` and `source.json` of fetch; `paintings.csv` and `labels.json` of clean.
Writes, in the folder of the last argument: collection.png (a random grid), object.png (one object's columns),
columns.png (how filled each is), classifications.png, cultures.png, media.png, kinds.png, classes.png (a grid of every
culture), shapes.png (sizes, dates, colours) and duplicates.png (pictures that are in one group).
"""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from met_culture.common.cli import path_arguments, run
from met_culture.common.config import load
from met_culture.common.files import read_json
from met_culture.common.record_keys import COLUMNS
from met_culture.evaluate.plots import save
from met_culture.explore import plots as figures
from met_culture.explore import statistics as survey
from met_culture.explore.params import ExploreParams
from met_culture.images.check import ImageError
from met_culture.images.decode import decode
from met_culture.preprocess.arrays import REDUCED

SIDE = 240  # pixels of the longer side of a picture in a grid
API = "Metropolitan Museum of Art"


def picture(path: Path) -> np.ndarray:
    """Return a picture for a grid, uint8 (h, w, 3), RGB, its longer side `SIDE` pixels; a grey square if it fails."""
    try:
        image = decode(path.read_bytes(), REDUCED[2])
    except (OSError, ImageError):
        return np.full((SIDE, SIDE, 3), 128, np.uint8)
    scale = SIDE / max(image.shape[:2])
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def scope(source: str, objects: int) -> str:
    """Return what was fetched, so that no count is taken for the museum's."""
    asked = "those that fetch.candidates asked for" if API in source else "all of it"
    return f"{source}: {objects:,} objects, {asked}"


def chosen(rows: pd.DataFrame, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return at most `count` rows at random, in their order."""
    return rows.iloc[np.sort(rng.permutation(len(rows))[:count])]


def _grid(rows: pd.DataFrame, raw: Path) -> list[tuple[np.ndarray, str]]:
    return [(picture(raw / row["image_file"]), figures.caption(row)) for _, row in rows.iterrows()]


def classes(paintings: pd.DataFrame, labels: list[str], raw: Path, count: int, rng: np.random.Generator) -> list:
    """Return a row of `count` pictures for every label, the label in front of the caption; fewer leave blanks."""
    cells: list[tuple[np.ndarray, str]] = []
    for label in labels:
        row = _grid(chosen(paintings[paintings["label"] == label], count, rng), raw)
        cells += [(image, f"{label}\n{text}") for image, text in row]
        cells += [(np.full((1, 1, 3), 255, np.uint8), "")] * (count - len(row))
    return cells


def mean_colours(paintings: pd.DataFrame, labels: list[str], raw: Path) -> dict[str, np.ndarray]:
    """Return the mean colour of every painting by label, float (n, 3), RGB, 0 to 1."""
    files = {label: paintings.loc[paintings["label"] == label, "image_file"] for label in labels}
    return {
        label: np.array([picture(raw / name).mean(axis=(0, 1)) / 255 for name in names]).reshape(-1, 3)
        for label, names in files.items()
    }


def main() -> None:
    """Draw everything."""
    paths = path_arguments(__doc__, "raw", "clean", "plots")
    params = load("explore", ExploreParams)
    objects = pd.read_parquet(paths.raw / "objects.parquet")
    paintings = pd.read_csv(paths.clean / "paintings.csv", keep_default_na=False, dtype={"label": str})
    labels, source = read_json(paths.clean / "labels.json")["labels"], read_json(paths.raw / "source.json")["source"]
    where, rng = scope(source, len(objects)), np.random.default_rng(params.seed)
    kept = f"{where}; {len(paintings):,} paintings kept"

    def write(name: str, figure: figures.Figure) -> None:
        save(figure, paths.plots / f"{name}.png")

    def counted(name: str, values: pd.Series, title: str, second: pd.Series | None = None) -> None:
        write(name, figures.bars(values, title, where, "objects", second))

    pictured = objects[objects["status"] == "ok"].fillna({"title": "", "objectDate": "", "creditLine": ""})
    shown = _grid(chosen(pictured, params.pictures, rng), paths.raw)
    write("collection", figures.grid(shown, 6, "Some of everything that was fetched", where))
    shown = classes(paintings, labels, paths.raw, 6, rng)
    write("classes", figures.grid(shown, 6, "Some paintings of each culture", kept))
    record = objects.loc[(objects[list(COLUMNS)].fillna("").astype(str) != "").sum(axis=1).idxmax(), list(COLUMNS)]
    write("object", figures.example(record, where))
    share = survey.filled(objects)
    write("columns", figures.bars(share, "How filled each of the 57 columns is", where, "share of objects"))
    joined = survey.families(objects["classification"])
    counted("classifications", survey.top(joined, params.bars), "Classifications, aliases joined")
    by_culture = survey.cultures(objects, params.bars)
    counted("cultures", by_culture["works"], "Works (and paintings) by culture", by_culture["paintings"])
    medium = objects["medium"].fillna("").str.lower().replace("", survey.EMPTY)
    counted("media", survey.top(medium, params.bars), "Most used media")
    counted("kinds", survey.kinds(objects), "Paintings, drawings, sculptures, by classification or name")
    colours = mean_colours(paintings, labels, paths.raw)
    write("shapes", figures.distributions(survey.shapes(objects, paintings), colours, labels, kept))
    groups = survey.duplicates(paintings)
    shown = [
        (image, f"group {number}\n{text}")
        for number, members in enumerate(groups[: params.pictures // 6], 1)
        for image, text in _grid(members.head(6), paths.raw)
    ]
    title = f"Pictures that are one: {len(groups):,} groups of copies, near-duplicates and leaves of an album"
    write("duplicates", figures.grid(shown, 6, title, kept))


if __name__ == "__main__":
    run(main)
