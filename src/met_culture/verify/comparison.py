"""Run the pipeline in two clones and compare the outputs: with each other and with the committed run."""

import json
from pathlib import Path

from met_culture.common.config import PARAMS, load
from met_culture.common.errors import UserError
from met_culture.common.files import read_json
from met_culture.common.paths import source_folder
from met_culture.common.terminal import print_line
from met_culture.fetch.params import FetchParams
from met_culture.verify.clones import UnequalError, clone_into, forced_run, snapshot
from met_culture.verify.committed import committed_run, compare_with_committed
from met_culture.verify.locks import Lock, differing, outputs

CLONES = ("first", "second")


def _files(clone: Path, digest: str) -> dict[str, str]:
    # Hashes of the files in an output that is a folder, by their path in it; a file has the path "".
    if not digest.endswith(".dir"):
        return {"": digest}
    entries = read_json(clone / ".dvc/cache/files/md5" / digest[:2] / digest[2:])
    return {f"/{entry['relpath']}": entry["md5"] for entry in entries}


def _compare_clones(clones: list[Path], locks: list[Lock]) -> None:
    first, second = (outputs(lock) for lock in locks)
    changed = differing(first, second)
    if changed:
        path = changed[0]
        files = [
            _files(clone, hashes.get(path, "missing")) for clone, hashes in zip(clones, (first, second), strict=True)
        ]
        file = differing(*files)[0]
        rest = f" and {len(changed) - 1} outputs after it" if changed[1:] else ""
        raise UnequalError(f"two runs differ, first in {path}{file}{rest}; compare both in {clones[0].parent}")
    print_line(f"verify: two forced runs gave the same bytes in {len(first)} outputs")


def _source_change(root: Path, changes: list[str]) -> list[str]:
    # A relative source is relative to the checkout, so the clones get its absolute path.
    source = load("fetch", FetchParams, root / PARAMS).source
    if any(change.startswith("fetch.source=") for change in changes):
        return []
    if source == "met":
        raise UserError("fetch.source is met, whose answers change; verify with -S fetch.source=sample or a folder.")
    folder = source_folder(source)
    return [f"fetch.source={json.dumps(str(folder), ensure_ascii=False)}"] if folder else []


def verify(root: Path, folder: Path, changes: list[str]) -> None:
    """Run the pipeline of the repository `root` in two clones in `folder`, and compare them.

    Raises:
        UnequalError: A run failed, the two runs differ, or metrics differ from the committed ones by more than
            `TOLERANCE`.
        UserError: The verification cannot start.
    """
    committed = committed_run(root)
    commit = snapshot(root)
    clones = [folder / name for name in CLONES]
    for clone in clones:
        clone_into(root, clone, commit, [*_source_change(root, changes), *changes])
    locks = [forced_run(clone) for clone in clones]
    _compare_clones(clones, locks)
    if committed:
        compare_with_committed(committed, clones[0], locks[0])
