"""Which pictures belong together, so that no split separates them: one picture twice, or leaves of one album."""

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import faiss
import imagehash
import numpy as np
import pandas as pd
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from met_culture.common.progress import progress

BLOCK = 4096  # hashes that are looked up at once
PARTS = 4  # of a hash, each found by itself
MANY = 12  # bits from which on comparing all with all is as fast
DRAFT = 256  # pixels; the hash looks at 32 x 32, so decoding in full would only cost time


def perceptual_hash(file: Path) -> int:
    """Return the 64-bit DCT hash (pHash) of a picture; similar pictures differ in few bits."""
    with Image.open(file) as image:
        image.draft("RGB", (DRAFT, DRAFT))
        bits = imagehash.phash(image).hash
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def perceptual_hashes(files: list[Path]) -> np.ndarray:
    """Return the hashes of many pictures, in order, as uint64 of shape (n,)."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        hashes = progress(pool.map(perceptual_hash, files), "hash", "images", total=len(files))
        return np.fromiter(hashes, dtype=np.uint64, count=len(files))


def near_duplicates(hashes: np.ndarray, bits: int) -> Iterator[tuple[int, int]]:
    """Yield pairs (i, j), i < j, that link all pictures whose hashes differ in at most `bits` bits.

    Equal hashes are linked to the first of them; of different ones every pair is found.

    Args:
        hashes: uint64 of shape (n,).
        bits: Largest distance.
    """
    distinct, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    yield from ((int(first[place]), row) for row, place in enumerate(inverse) if first[place] != row)
    codes = distinct.view(np.uint8).reshape(-1, 8)
    if bits < MANY:
        # Of hashes that are near, at least one of the parts is: only those that share one are compared.
        index = faiss.IndexBinaryMultiHash(64, PARTS, 64 // PARTS)
        index.nflip = bits // PARTS
    else:
        index = faiss.IndexBinaryFlat(64)
    index.add(codes)
    for start in range(0, len(codes), BLOCK):
        limits, _, found = index.range_search(codes[start : start + BLOCK], bits + 1)  # distances below it
        rows = np.repeat(np.arange(start, start + len(limits) - 1), np.diff(limits.astype(int)))
        pairs = np.sort(np.column_stack([first[rows], first[found]])[rows < found], axis=1)
        yield from map(tuple, pairs.tolist())


def album(accession_number: str, pattern: str) -> str:
    """Return the part of an accession number that names the album of a leaf; "" for a single work."""
    match = re.fullmatch(pattern, accession_number)
    return next((part for part in match.groups() if part), "") if match else ""


def series(paintings: pd.DataFrame) -> pd.Series:
    """Return a key that the parts of one work share: title, artist and accession number up to its last part."""
    stem = paintings["accessionNumber"].str.rpartition(".")[0]
    key = paintings["title"].str.casefold() + "\n" + paintings["artistDisplayName"] + "\n" + stem
    return key.where((paintings["title"] != "") & (stem != ""), "")


def _pairs(keys: pd.Series) -> Iterator[tuple[int, int]]:
    given = keys.reset_index(drop=True).loc[lambda key: key != ""]
    rows = given.index.to_series()
    first = rows.groupby(given).transform("min")
    yield from ((one, row) for one, row in zip(first, rows, strict=True) if one != row)


def group(paintings: pd.DataFrame, hashes: np.ndarray, pattern: str, bits: int) -> pd.Series:
    """Return a group for each painting: the smallest objectID of those it belongs with.

    Args:
        paintings: Columns objectID, accessionNumber, title, artistDisplayName, primaryImageSmall, image_sha256.
        hashes: Their perceptual hashes, uint64 of shape (n,).
        pattern: Regular expression that finds the album in an accession number.
        bits: Largest distance of two hashes of one picture.
    """
    keys = (
        paintings["image_sha256"],
        paintings["primaryImageSmall"],
        paintings["accessionNumber"].map(lambda number: album(number, pattern)),
        series(paintings),
    )
    pairs = [pair for key in keys for pair in _pairs(key)] + list(near_duplicates(hashes, bits))
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    links = coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(paintings),) * 2)
    _, component = connected_components(links, directed=False)
    return paintings["objectID"].groupby(component).transform("min")
