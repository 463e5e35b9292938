"""The source that `fetch.source` names, opened as a client: sample and museum folders by way of a server of our own."""

import hashlib
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from met_culture.client import Client
from met_culture.museum import serving
from met_culture.params import FetchParams
from met_culture.paths import scratch_folder, source_folder
from met_culture.sample import write_museum
from met_culture.scratch import folder_key


@contextmanager
def open_source(params: FetchParams) -> Iterator[tuple[Client, str, str]]:
    """Yield a client of the source, the source's name as outputs show it, and the key of its scratch folder."""
    with ExitStack() as stack:
        folder, name = source_folder(params.source), "Metropolitan Museum of Art Collection API"
        if params.source == "sample":
            folder, name = sample_folder(params.sample_seed), "synthetic sample"
        elif folder:
            name = f"museum folder {folder.resolve().name}"
        api = stack.enter_context(serving(folder)) if folder else params.api
        pace = None if folder else params.requests_per_second
        client = Client(api, params.image_hosts, pace, params.timeout_s)
        stack.callback(client.close)
        yield client, name, folder_key(folder) if folder else hashlib.sha256(api.encode()).hexdigest()[:16]


def sample_folder(seed: int) -> Path:
    """Return the sample's museum folder, drawn once per seed and version of its code."""
    code = hashlib.sha256()
    for module in sorted((Path(__file__).parent / "sample").glob("*.py")):
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
