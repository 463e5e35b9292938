from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageEnhance
from scipy.sparse.csgraph import connected_components
from support import ROOT, picture

from met_culture.clean.duplicates import group, near_duplicates, perceptual_hash, perceptual_hashes
from met_culture.clean.params import CleanParams
from met_culture.common.config import load

PARAMS = load("clean", CleanParams, ROOT / "params.yaml")


def paintings(**columns: list) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    unique = {name: [f"{name} {i}" for i in range(n)] for name in ("title", "primaryImageSmall", "image_sha256")}
    rest = {"objectID": list(range(10, 10 + n)), "accessionNumber": [""] * n, "artistDisplayName": [""] * n}
    rest |= {"objectName": [""] * n, "medium": [""] * n}
    return pd.DataFrame(unique | rest | columns)


def groups(table: pd.DataFrame, hashes: list[int] | None = None) -> list[int]:
    far_apart = np.random.default_rng(0).integers(0, 2**63, len(table), dtype=np.uint64)
    given = far_apart if hashes is None else np.array(hashes, np.uint64)
    return group(table, given, PARAMS).tolist()


def test_single_works_are_their_own_groups() -> None:
    assert groups(paintings(title=["a", "b", "c"])) == [10, 11, 12]


def test_one_url_or_one_file_under_two_ids() -> None:
    assert groups(paintings(primaryImageSmall=["u", "v", "u"])) == [10, 11, 10]
    assert groups(paintings(image_sha256=["s", "t", "s"])) == [10, 11, 10]


def test_links_are_transitive() -> None:
    assert groups(paintings(primaryImageSmall=["u", "u", "v", "w"], image_sha256=["s", "t", "t", "x"])) == [10] * 3 + [
        13
    ]


def test_leaves_of_albums_and_parts_of_series_are_groups() -> None:
    table = paintings(accessionNumber=["1990.100.7a", "1990.100.8", "1990.100.7c", "14.76.61.1", "75.2.1", "75.2.2"])
    table["title"] = ["a", "b", "c", "d", "Wisdom Kings", "Wisdom Kings"]
    assert groups(table) == [10, 11, 10, 13, 14, 14]


def test_near_duplicates_within_the_distance() -> None:
    hashes = np.array([0, 0b111, 0b1111111, 2**64 - 1], np.uint64)
    assert list(near_duplicates(hashes, 3)) == [(0, 1)]
    assert list(near_duplicates(hashes, 4)) == [(0, 1), (1, 2)]
    assert groups(paintings(title=["a", "b", "c", "d"]), hashes.tolist()) == [10, 10, 10, 13]


@pytest.mark.parametrize("bits", [0, 3, 4, 6, 11, 12, 20, 64])
def test_links_join_what_comparing_all_with_all_joins(monkeypatch: pytest.MonkeyPatch, bits: int) -> None:
    rng = np.random.default_rng(1)
    hashes = rng.integers(0, 2**64, 40, dtype=np.uint64)
    # Some that differ in `bits` bits or one more, wherever these are, and copies.
    for number in (bits, bits + 1):
        positions = rng.permuted(np.tile(np.arange(64), (20, 1)), axis=1)[:, :number].astype(np.uint64)
        change = np.bitwise_or.reduce(np.uint64(1) << positions, axis=1, initial=np.uint64(0), dtype=np.uint64)
        hashes = np.concatenate([hashes, hashes[:20] ^ change, hashes[:2]])
    near = np.bitwise_count(hashes[:, None] ^ hashes) <= bits
    monkeypatch.setattr("met_culture.clean.duplicates.BLOCK", 7)
    pairs = list(near_duplicates(hashes, bits))
    assert all(i < j and near[i, j] for i, j in pairs)
    links = np.zeros_like(near)
    links[tuple(np.array(pairs).T)] = True
    joined, expected = (connected_components(matrix)[1].tolist() for matrix in (links, near))
    assert joined == expected


def test_a_thousand_copies_are_a_thousand_links_and_not_a_million() -> None:
    assert len(list(near_duplicates(np.full(1000, 7, np.uint64), 6))) == 999


def test_a_picture_photographed_again_hashes_alike(tmp_path: Path) -> None:
    original = picture(tmp_path / "a.jpg", seed=3, size=(600, 420))
    with Image.open(original) as image:
        again = ImageEnhance.Brightness(image.crop((5, 4, 596, 417)).resize((500, 350))).enhance(1.1)
        again.save(tmp_path / "b.jpg", quality=60)
        image.convert("L").save(tmp_path / "grey.jpg")
    other = picture(tmp_path / "c.jpg", seed=4, size=(600, 420))
    files = [original, tmp_path / "b.jpg", tmp_path / "grey.jpg", other]
    first, second, grey, different = (int(value) for value in perceptual_hashes(files))
    assert (first ^ second).bit_count() <= PARAMS.near_duplicate_bits
    assert (first ^ grey).bit_count() <= PARAMS.near_duplicate_bits
    assert (first ^ different).bit_count() > 2 * PARAMS.near_duplicate_bits
    assert first == perceptual_hash(original)
