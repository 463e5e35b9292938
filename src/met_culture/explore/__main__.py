"""Stage explore: draw what was fetched and kept, before any training. No other stage depends on it.

Reads: `objects.parquet`, `images/` and `source.json` of fetch; `paintings.csv` and `labels.json` of clean.
Writes, in the folder of the last argument: collection.png (a random grid), object.png (one object's columns),
columns.png (how filled each is), classifications.png, cultures.png, media.png, kinds.png, classes.png (a grid of every
culture), shapes.png (sizes, dates, colours), duplicates.png (images that are in one group). The article's two charts,
article_classifications.png and article_cultures.png, count the names as the records have them.
"""

from met_culture.common.cli import path_arguments, run
from met_culture.common.config import load
from met_culture.explore.collection import read_collection
from met_culture.explore.overview import overview
from met_culture.explore.params import ExploreParams
from met_culture.plotting.style import save_figure


def main() -> None:
    """Draw every plot."""
    paths = path_arguments(__doc__, "raw", "clean", "plots", prog="python -m met_culture.explore")
    params = load("explore", ExploreParams)
    collection = read_collection(paths.raw, paths.clean)
    for name, figure in overview(collection, params):
        save_figure(figure, paths.plots / f"{name}.png")


if __name__ == "__main__":
    run(main)
