"""Paths outside DVC's outputs: the scratch folder, and the folder that records and images are read from."""

from pathlib import Path

from met_culture.common.errors import UserError

RECORDS = "records.jsonl"
IMAGES = "images"


def main_checkout(folder: Path | None = None) -> Path:
    """Return the checkout in which the user works.

    DVC runs queued and `--temp` experiments in copies below `<checkout>/.dvc/tmp/exps`. In a copy, a relative source
    and the scratch folder must still be those of the checkout.

    Args:
        folder: Folder in which the command runs; default: the current folder.
    """
    here = (folder or Path.cwd()).resolve()
    for parent in here.parents:
        if here.is_relative_to(parent / ".dvc" / "tmp" / "exps"):
            return parent
    return here


def scratch_folder() -> Path:
    """Return the folder for resumable work; Git and DVC ignore it, and removing it costs only time."""
    return main_checkout() / ".scratch"


def source_folder(source: str) -> Path | None:
    """Return the museum folder that `fetch.source` names, or None for `sample` and `met`.

    Raises:
        UserError: `source` is not the path of a museum folder.
    """
    if source in ("sample", "met"):
        return None
    try:
        folder = main_checkout() / Path(source).expanduser()
        is_museum = (folder / RECORDS).is_file()
    except (OSError, RuntimeError, ValueError) as error:  # name too long, unknown user, null byte
        raise UserError(f"fetch.source: {source[:100]!r} is not a valid path of a museum folder ({error}).") from None
    if not is_museum:
        raise UserError(
            f"fetch.source: {source!r} is not a museum folder ({folder / RECORDS} is missing); "
            "give `sample`, `met` or a folder with records.jsonl and images/."
        )
    return folder
