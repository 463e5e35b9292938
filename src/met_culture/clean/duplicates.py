"""Which paintings must stay in one split: the same picture twice, near-duplicates, and parts of one work or album."""

import os
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

from met_culture.clean.albums import leaf_keys, maker_keys, series_keys
from met_culture.clean.params import CleanParams
from met_culture.common.progress import progress

BLOCK = 4096  # hashes in one search
PARTS = 4  # of a hash, each with an index of its own
BRUTE_FORCE_BITS = 12  # from this distance on, comparing all hashes with all is as fast
DRAFT = 256  # pixels; the hash needs 32 x 32, so a JPEG need not be decoded at full size


def perceptual_hash(file: Path) -> int:
    """Return the 64-bit DCT hash (pHash) of an image; the hashes of similar images differ in few bits."""
    with Image.open(file) as image:
        image.draft("RGB", (DRAFT, DRAFT))
        bits = imagehash.phash(image).hash
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def perceptual_hashes(files: list[Path]) -> np.ndarray:
    """Return the hashes of many images, in order, as uint64 of shape (n,)."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        hashes = progress(pool.map(perceptual_hash, files), "hash", "images", total=len(files))
        return np.fromiter(hashes, dtype=np.uint64, count=len(files))


def _hash_index(bits: int) -> faiss.IndexBinary:
    if bits >= BRUTE_FORCE_BITS:
        return faiss.IndexBinaryFlat(64)
    # Two hashes at a distance of at most `bits` agree in at least one part up to `nflip` bits: only such are compared.
    index = faiss.IndexBinaryMultiHash(64, PARTS, 64 // PARTS)
    index.nflip = bits // PARTS
    return index


def near_duplicates(hashes: np.ndarray, bits: int) -> Iterator[tuple[int, int]]:
    """Yield pairs (i, j), i < j, that link all images whose hashes differ in at most `bits` bits.

    Equal hashes are linked to the first of them; of different hashes, all pairs within the distance are yielded.

    Args:
        hashes: uint64 of shape (n,).
        bits: Largest distance.
    """
    distinct, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    for row, first_row in enumerate(first[inverse]):
        if first_row != row:
            yield int(first_row), row
    codes = distinct.view(np.uint8).reshape(-1, 8)
    index = _hash_index(bits)
    index.add(codes)
    for start in range(0, len(codes), BLOCK):
        limits, _, neighbours = index.range_search(codes[start : start + BLOCK], bits + 1)  # finds distances below it
        rows = np.repeat(np.arange(start, start + len(limits) - 1), np.diff(limits.astype(int)))
        pairs = np.column_stack([first[rows], first[neighbours]])[rows < neighbours]
        yield from map(tuple, np.sort(pairs, axis=1).tolist())


def _equal_keys(keys: pd.Series) -> Iterator[tuple[int, int]]:
    """Yield pairs (i, j) that link every row to the first row with the same key; "" links nothing."""
    first_rows: dict[str, int] = {}
    for row, key in enumerate(keys):
        first_row = first_rows.setdefault(key, row)
        if key and first_row != row:
            yield first_row, row


def group(paintings: pd.DataFrame, hashes: np.ndarray, params: CleanParams) -> pd.Series:
    """Return a group for each painting: the smallest objectID among the paintings that belong together.

    Args:
        paintings: Columns objectID, accessionNumber, title, artistDisplayName, objectName, medium, primaryImageSmall,
            image_sha256.
        hashes: Their perceptual hashes, uint64 of shape (n,).
        params: Rules of albums, and the largest distance between two hashes of one picture.
    """
    pairs = list(near_duplicates(hashes, params.near_duplicate_bits))
    keys_of_album = leaf_keys(paintings, params), maker_keys(paintings, params), series_keys(paintings)
    for keys in (paintings["image_sha256"], paintings["primaryImageSmall"], *keys_of_album):
        pairs += _equal_keys(keys)
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    links = coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(paintings), len(paintings)))
    _, component = connected_components(links, directed=False)
    return paintings["objectID"].groupby(component).transform("min")
