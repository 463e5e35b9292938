"""Push the run cache to a remote, with the files that it refers to: `python -m met_culture.share [--remote NAME]`.

After that, `dvc exp run --pull` in another clone restores every run of this one. `dvc push --run-cache` (DVC 3.67) is
not enough: it uploads the entries, but of their files only those of the workspace, and never those that Git tracks,
such as metrics. An entry with a missing file is useless, and the stage would run again.
"""

from dvc.exceptions import DvcException
from dvc.repo import Repo

from met_culture.common.cli import Parser, run
from met_culture.common.errors import UserError
from met_culture.common.terminal import print_line


def share(repo: Repo, remote: str | None) -> tuple[int, int]:
    """Push every entry of the run cache and its files.

    Returns:
        Number of entries in the run cache, and number of files that the remote did not have.

    Raises:
        UserError: A file could not be pushed. For a file that is no longer in the cache, DVC prints a warning.
        DvcException: The remote does not exist or does not answer.
    """
    entries = repo.stage_cache.push(remote)
    pushed, failed = 0, 0
    for store, objects in repo.stage_cache.get_used_objs(entries).items():
        result = repo.cloud.push(objects, remote=remote, odb=store)
        pushed += len(result.transferred)
        failed += len(result.failed)
    if failed:
        raise UserError(
            f"{failed} files of the run cache could not be pushed; elsewhere, stages that need them will run again."
        )
    return len(entries), pushed


def main() -> None:
    """Share all runs of this repository."""
    parser = Parser(prog="python -m met_culture.share", description=__doc__.splitlines()[0])
    parser.add_argument("--remote", metavar="NAME", help="default: the default remote")
    remote = parser.parse_args().remote
    try:
        with Repo() as repo:
            entries, pushed = share(repo, remote)
    except DvcException as error:
        raise UserError(f"{' '.join(str(error).split())}; `dvc remote list` names the remotes.") from None
    print_line(f"{entries} runs of a stage are in the remote; {pushed} files were new")


if __name__ == "__main__":
    run(main)
