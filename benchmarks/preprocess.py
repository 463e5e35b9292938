"""Images per second of preprocess against the article's loop, and against what decoding alone allows.

`python benchmarks/preprocess.py [FOLDER]` reads the JPEGs of FOLDER (default data/raw/images, which `make repro` makes)
in every round. The article's loop is cv2.imread in colour and cv2.resize on one thread. The limit is libjpeg-turbo on
as many threads as the stage has, from memory into memory that is used again, and with the shortcuts that cost some
quality: without a hash to check, a file to read, a resize or an array to write. Decoding at the smallest scale that is
large enough would be faster, but changes the pixels.
"""

import hashlib
import os
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import simplejpeg
from measure import ROOT, rates, report
from PIL import Image

from met_culture.common.config import load
from met_culture.preprocess.paintings import CHUNK, write_images
from met_culture.preprocess.params import PreprocessParams

ROUNDS = 15
MAX_PIXELS = 4_000_000  # of a picture that is decoded
AT_LEAST = 600  # images a round, so that a round takes about a second


def describe(files: list[Path]) -> pd.DataFrame:
    """Return the columns of paintings.csv that the stage reads."""
    sizes = [Image.open(file).size for file in files]
    hashes = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    table = pd.DataFrame(sizes, columns=["image_width", "image_height"])
    names = [file.name for file in files]
    return table.assign(objectID=range(len(files)), image_file=names, image_sha256=hashes)


def article(files: list[Path], size: int) -> int:
    """Read and resize as the article does, on one thread."""
    cv2.setNumThreads(1)
    x = [cv2.resize(cv2.imread(str(f), cv2.IMREAD_COLOR), (size, size), interpolation=cv2.INTER_CUBIC) for f in files]
    return len(np.array(x))


def stage(paintings: pd.DataFrame, folder: Path, params: PreprocessParams) -> int:
    """Do the work of the stage."""
    cv2.setNumThreads(1)
    write_images(paintings, folder, folder / "x.npy", params)
    return len(paintings)


def limit(encoded: list[bytes], size: int) -> int:
    """Decode alone, on a thread per core, to at least `size` pixels; 0 decodes at full size."""
    mine = threading.local()

    def decode(start: int) -> None:
        mine.buffer = getattr(mine, "buffer", None) or bytearray(MAX_PIXELS * 3)
        for data in encoded[start : start + CHUNK]:
            simplejpeg.decode_jpeg(data, "RGB", True, True, size, size, 2, mine.buffer)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(decode, range(0, len(encoded), CHUNK)))
    return len(encoded)


def main() -> None:
    """Measure all on the same files."""
    given = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "data/raw/images").resolve()
    originals = sorted(given.rglob("*.jpg"))
    # One folder of flat names, as fetch leaves them.
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for number, file in enumerate(originals * -(-AT_LEAST // len(originals))):
            (folder / f"{number}.jpg").write_bytes(file.read_bytes())
        files = sorted(folder.glob("*.jpg"))
        params = load("preprocess", PreprocessParams, ROOT / "params.yaml")
        paintings, encoded = describe(files), [file.read_bytes() for file in files]
        ways = {
            "article": partial(article, files, params.image_size),
            "preprocess": partial(stage, paintings, folder, replace(params, interpolation="cubic")),
            "preprocess_area": partial(stage, paintings, folder, replace(params, interpolation="area")),
            "decoding_limit": partial(limit, encoded, 0),
            "reduced_decoding": partial(limit, encoded, params.image_size),
        }
        mean = sum(map(len, encoded)) / len(encoded)
        facts = {"images": len(files), "mean_bytes": round(mean), "source": given.parent.name}
        report("preprocess", rates(ways, ROUNDS), ("article", "decoding_limit"), facts)


if __name__ == "__main__":
    main()
