"""Open the source that `fetch.source` names: the museum's API, a museum folder, or the sample."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from met_culture import sample
from met_culture.common import record_keys
from met_culture.common.paths import IMAGES, RECORDS, scratch_folder, source_folder
from met_culture.common.terminal import print_note
from met_culture.fetch.api_source import ApiSource
from met_culture.fetch.folder import FolderSource
from met_culture.fetch.params import FetchParams
from met_culture.sample.draw import write_museum
from met_culture.web.client import Client
from met_culture.web.rate_limit import RateLimiter
from met_culture.web.retry import RetryPolicy

Source = ApiSource | FolderSource  # each reads a record by its id, and an image by its URL


@dataclass(frozen=True)
class Location:
    """What `fetch.source` names.

    Attributes:
        name: Name in the outputs.
        folder: The museum folder; None for the API.
        state: Folder of the state of its fetches.
    """

    name: str
    folder: Path | None
    state: Path


def locate(params: FetchParams) -> Location:
    """Return name and folders of the source; draws the sample if it is missing.

    Raises:
        UserError: `fetch.source` is not a museum folder.
    """
    name, folder = _name_and_folder(params)
    key = folder_key(folder) if folder else _remote_key(params)
    return Location(name, folder, scratch_folder() / "fetch" / key)


def _remote_key(params: FetchParams) -> str:
    # Records of a dump, rows of a list and answers of the API must not mix.
    names = {"dump": f"{params.api} {params.catalog_file}", "images": f"{params.api} images {params.catalog_file}"}
    return hashlib.sha256(names.get(params.catalog, params.api).encode()).hexdigest()[:16]


def _name_and_folder(params: FetchParams) -> tuple[str, Path | None]:
    if params.source == "sample":
        return "synthetic sample", sample_folder(params.sample_seed)
    folder = source_folder(params.source)
    if folder:
        return f"museum folder {folder.resolve().name}", folder
    if params.catalog == "dump":
        return f"dump {_file_name(params)} of the Metropolitan Museum of Art", None
    if params.catalog == "images":
        return f"image list {_file_name(params)}", None
    return "Metropolitan Museum of Art Collection API", None


def _file_name(params: FetchParams) -> str:
    # The query of a URL may hold a password, and the name goes into cards and plots.
    file = params.catalog_file or ""
    return Path(urlsplit(file).path if "://" in file else file).name


@contextmanager
def open_source(params: FetchParams, location: Location, policy: RetryPolicy = RetryPolicy()) -> Iterator[Source]:  # noqa: B008 - frozen
    """Yield the source at a location, and close it at the end.

    Args:
        params: Settings of the API's client.
        location: As `locate` returns it.
        policy: Retries of the API and the image hosts.
    """
    source: Source
    if location.folder:
        source = FolderSource(location.folder, params.parallel_images)
    else:
        source = ApiSource(_client(params, policy))
    try:
        yield source
    finally:
        source.close()


def _client(params: FetchParams, policy: RetryPolicy) -> Client:
    # All fetches that use this scratch folder share the bucket, those of experiments too.
    bucket = scratch_folder() / "rate_limits" / f"{urlsplit(params.api).netloc.replace(':', '-')}.db"
    limiters = (
        RateLimiter(1, params.requests_per_second, bucket, policy),
        RateLimiter(params.parallel_images, policy=policy),
    )
    return Client(params.api, params.image_hosts, params.timeout_s, params.user_agent, *limiters)


def folder_key(folder: Path) -> str:
    """Return a hash of the records of a museum folder, and of the names, sizes and times of its images.

    It names the state, so that no fetch mixes the old and the new content of a folder that has changed.
    """
    with (folder / RECORDS).open("rb") as records:
        key = hashlib.file_digest(records, "sha256")
    key.update(b"\nblanks trimmed")  # states of before kept the blanks around text
    walked = set()  # folders, because links may lead in a circle
    for parent, folders, files in os.walk(folder / IMAGES, followlinks=True):
        real = os.path.realpath(parent)
        if real in walked:
            folders.clear()
            continue
        walked.add(real)
        folders.sort()
        for name in sorted(files):
            file = os.path.join(parent, name)  # noqa: PTH118 - 100,000 Paths would be slow
            stat = os.stat(file) if os.path.exists(file) else os.lstat(file)  # noqa: PTH110, PTH116 - as above
            key.update(b"\n%s %d %d" % (os.fsencode(os.path.relpath(file, folder)), stat.st_size, stat.st_mtime_ns))
    return key.hexdigest()[:16]


def sample_folder(seed: int) -> Path:
    """Return the museum folder of the sample; it is drawn once per seed and version of the code."""
    code = hashlib.sha256()
    modules = sorted(Path(sample.__file__).parent.glob("*.py"))
    for module in [*modules, Path(record_keys.__file__)]:
        code.update(module.read_bytes())
    folder = scratch_folder() / "sample" / f"{seed}-{code.hexdigest()[:12]}"
    if folder.exists():
        return folder
    print_note("fetch: drawing the synthetic sample, which takes some seconds")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as drawn:
        write_museum(Path(drawn) / "museum", seed=seed)
        with suppress(OSError):  # another run has drawn the same in the meantime
            (Path(drawn) / "museum").rename(folder)
    return folder
