"""The source that `fetch.source` names, opened as a client: sample and museum folders by way of a server of our own."""

import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from met_culture import sample
from met_culture.common.paths import IMAGES, RECORDS, scratch_folder, source_folder
from met_culture.fetch.params import FetchParams
from met_culture.museum.server import serving
from met_culture.sample import write_museum
from met_culture.web.client import Client
from met_culture.web.rate_limit import Pace, Waits

OWN = Waits(attempts=3, first_s=0.05, cap_s=0.05)  # our own server blocks nobody; what it answers stays


@contextmanager
def open_source(params: FetchParams, waits: Waits = Waits()) -> Iterator[tuple[Client, str, Path]]:  # noqa: B008 - frozen
    """Yield a client of the source, the source's name as outputs show it, and its scratch folder."""
    scratch = scratch_folder() / "fetch"
    with ExitStack() as stack:
        folder, name = source_folder(params.source), "Metropolitan Museum of Art Collection API"
        if params.source == "sample":
            folder, name = sample_folder(params.sample_seed), "synthetic sample"
        elif folder:
            name = f"museum folder {folder.resolve().name}"
        if folder:
            api, key = stack.enter_context(serving(folder)), folder_key(folder)
            paces = Pace(waits=OWN), Pace(params.parallel_images, waits=OWN)
        else:
            api, memory = params.api, params.api
            if params.catalog == "dump":  # an old dump must not pass for what the API says, nor the other way round
                name = f"dump {Path(params.catalog_file or '').name} of the Metropolitan Museum of Art"
                memory += f" {params.catalog_file}"
            key = hashlib.sha256(memory.encode()).hexdigest()[:16]
            # Every fetch on this machine shares it, a second checkout's or experiment's too where they share .scratch.
            bucket = scratch_folder() / "pace" / f"{urlsplit(api).netloc.replace(':', '-')}.db"
            paces = Pace(1, params.requests_per_second, bucket, waits), Pace(params.parallel_images, waits=waits)
        client = Client(api, params.image_hosts, params.timeout_s, params.user_agent, *paces)
        stack.callback(client.close)
        yield client, name, scratch / key


def folder_key(folder: Path) -> str:
    """Return a name for the state of a museum folder: its records, and its images' names, sizes and times.

    Another state of the folder has another scratch folder, so that a changed museum is never read from memory.
    """
    with (folder / RECORDS).open("rb") as records:
        key = hashlib.file_digest(records, "sha256")
    for place, folders, files in os.walk(folder / IMAGES):
        folders.sort()
        for name in sorted(files):
            file = os.path.join(place, name)  # noqa: PTH118 - 100,000 Paths would be slow
            stat = os.lstat(file)
            key.update(b"\n%s %d %d" % (os.fsencode(os.path.relpath(file, folder)), stat.st_size, stat.st_mtime_ns))
    return key.hexdigest()[:16]


def sample_folder(seed: int) -> Path:
    """Return the sample's museum folder, drawn once per seed and version of its code."""
    code = hashlib.sha256()
    for module in sorted(Path(sample.__file__).parent.glob("*.py")):
        code.update(module.read_bytes())
    folder = scratch_folder() / "sample" / f"{seed}-{code.hexdigest()[:12]}"
    if not folder.exists():
        print("fetch: drawing the synthetic sample, some seconds", file=sys.stderr)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as drawn:
            write_museum(Path(drawn) / "museum", seed=seed)
            with suppress(OSError):  # another run has drawn the same in the meantime
                (Path(drawn) / "museum").rename(folder)
    return folder
