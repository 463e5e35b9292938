"""The paintings of all results on real paintings, as facts: benchmarks/paintings.csv, without pictures and titles.

`python benchmarks/paintings.py DATA` writes the table from `DATA/clean` of a run on a museum folder: objectID, label,
group, hash and size of the image, and the fold of five for each seed that the results use.
`python benchmarks/paintings.py --compare DATA` says what the museum has changed since: paintings of the table that are
gone, or have another image or another label in the run of DATA.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

from met_culture.clean.params import CleanParams
from met_culture.clean.split import split
from met_culture.clean.tables import read_paintings
from met_culture.common.cli import run
from met_culture.common.config import load
from met_culture.common.csv_files import read_table
from met_culture.common.files import write_csv
from met_culture.common.terminal import print_line
from met_culture.fetch.records import read_objects

TABLE = Path(__file__).parent / "paintings.csv"
SEEDS = range(11, 21)  # of clean.seed
FOLDS = 5
FACTS = ["objectID", "label", "group", "image_sha256", "image_width", "image_height"]
TYPES: dict[str, type] = {"objectID": int, "label": str, "image_sha256": str}
REJECTED: dict[str, type] = {"objectID": int, "kind": str, "reason": str}
NO_ANSWER = ("record_failed", "image_failed")


def folds(paintings: pd.DataFrame, params: CleanParams, seed: int) -> pd.Series:
    """Return the fold in which each painting is tested, from 0."""
    result = pd.Series(-1, index=paintings.index)
    for number in range(FOLDS):
        drawn = replace(params, split="grouped", folds=FOLDS, fold=number, seed=seed, folds_file=None)
        result[split(paintings, drawn) == "test"] = number
    return result


def table(data: Path, params: CleanParams) -> pd.DataFrame:
    """Return the table of the paintings in a run's data folder."""
    paintings = read_paintings(data / "clean/paintings.csv", [rule.label for rule in params.labels])
    result = paintings[FACTS].copy()
    for seed in SEEDS:
        result[f"fold_{seed}"] = folds(paintings, params, seed)
    return result


def outcomes(data: Path, labels: list[str]) -> pd.DataFrame:
    """Return status, reason, image_sha256, label, kind and rejection of every object of a run, by objectID."""
    columns = ["objectID", "status", "reason", "image_sha256"]
    objects = read_objects(data / "raw/objects.parquet", columns).to_pandas().set_index("objectID")
    paintings = read_paintings(data / "clean/paintings.csv", labels).set_index("objectID")
    rejected = read_table(data / "clean/rejected.csv", REJECTED, "dvc repro clean").set_index("objectID")
    rejected = rejected[["kind", "reason"]].rename(columns={"reason": "rejection"})
    return objects.join(paintings["label"]).join(rejected)


def changes(published: pd.DataFrame, now: pd.DataFrame) -> Iterator[tuple[int, str, str]]:
    """Yield objectID, kind and detail of every difference.

    Kinds: not fetched, gone, no answer, no image, other bytes, other label, no label.

    Args:
        published: Rows of the table.
        now: As `outcomes` returns them.
    """
    for row in published.itertuples():
        if row.objectID not in now.index:
            yield row.objectID, "not fetched", ""
            continue
        current = now.loc[row.objectID]
        if current["status"] != "ok":
            yield row.objectID, _missing(current["status"]), f"{current['status']}: {current['reason']}"
            continue
        if current["image_sha256"] != row.image_sha256:
            yield (
                row.objectID,
                "other bytes",
                f"sha256 {current['image_sha256'][:12]} instead of {row.image_sha256[:12]}",
            )
        if pd.isna(current["label"]):
            yield row.objectID, "no label", f"{current['kind']}: {current['rejection']}"
        elif current["label"] != row.label:
            yield row.objectID, "other label", f"{current['label']} instead of {row.label}"


def _missing(status: str) -> str:
    if status in NO_ANSWER:
        return "no answer"
    return "gone" if status in ("record_gone", "image_gone") else "no image"


def compare(data: Path, labels: list[str]) -> None:
    """Print the differences between the table and a run, and how many there are of each kind."""
    published = read_table(TABLE, TYPES, f"git checkout {TABLE}")
    differences = pd.DataFrame(changes(published, outcomes(data, labels)), columns=["objectID", "kind", "detail"])
    for change in differences[differences["detail"] != ""].itertuples():
        print_line(f"{change.objectID}: {change.kind} ({change.detail})")
    counts = ", ".join(f"{count} {kind}" for kind, count in differences["kind"].value_counts().sort_index().items())
    unchanged = len(published) - differences["objectID"].nunique()
    print_line(f"{unchanged} of {len(published)} paintings are unchanged" + (f"; {counts}" if counts else ""))


def main() -> None:
    """Write the table, or compare a run with it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder data/ of a run")
    parser.add_argument("--compare", action="store_true", help="say what differs from the table; write nothing")
    args = parser.parse_args()
    params = load("clean", CleanParams)
    if args.compare:
        compare(args.data, [rule.label for rule in params.labels])
    else:
        write_csv(TABLE, table(args.data, params))


if __name__ == "__main__":
    run(main)
