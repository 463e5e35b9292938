"""Push the run cache to a remote, with the files that it names: `python -m met_culture.share [--remote NAME]`.

A colleague's `dvc exp run --pull` then restores whatever has run here. `dvc push --run-cache` (DVC 3.67) uploads the
entries alone, and of their files only those of the workspace; metrics and curves, which Git tracks, never. Without one
of its files an entry is of no use, and the stage would run again.
"""

import argparse

from dvc.exceptions import DvcException
from dvc.repo import Repo

from met_culture.common.cli import run
from met_culture.common.errors import UserError


def share(repo: Repo, remote: str | None) -> tuple[int, int]:
    """Push every entry of the run cache and its files.

    Args:
        repo: The repository.
        remote: Name of a remote; None is the default one.

    Returns:
        How many runs of a stage are in the run cache, and how many files were not in the remote yet.

    Raises:
        UserError: Files could not be pushed. Of those that are no longer in the cache, DVC warns.
        DvcException: There is no such remote, or it does not answer.
    """
    entries = repo.stage_cache.push(remote)
    pushed, failed = 0, 0
    for store, objects in repo.stage_cache.get_used_objs(entries).items():
        done = repo.cloud.push(objects, remote=remote, odb=store)
        pushed, failed = pushed + len(done.transferred), failed + len(done.failed)
    if failed:
        raise UserError(
            f"{failed} files of the run cache could not be pushed; what needs them will run again elsewhere."
        )
    return len(entries), pushed


def main() -> None:
    """Share what has run here."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--remote", metavar="NAME", help="default: the default remote")
    name = parser.parse_args().remote
    try:
        with Repo() as repo:
            entries, pushed = share(repo, name)
    except DvcException as error:
        raise UserError(f"{' '.join(str(error).split())}; `dvc remote list` names the remotes.") from None
    print(f"{entries} runs of a stage are in the remote; {pushed} files were new")


if __name__ == "__main__":
    run(main)
