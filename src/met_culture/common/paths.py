"""Where the things lie that are outside DVC's outputs: the scratch folder and the source of records and images."""

from pathlib import Path

from met_culture.common.errors import UserError

RECORDS = "records.jsonl"
IMAGES = "images"


def main_checkout(folder: Path | None = None) -> Path:
    """Return the checkout that the user works in.

    DVC runs queued and `--temp` experiments in copies below `<checkout>/.dvc/tmp/exps`. Relative sources and the
    scratch folder must mean the same there.

    Args:
        folder: Where the command runs; the current folder by default.
    """
    here = (folder or Path.cwd()).resolve()
    for parent in here.parents:
        if here.is_relative_to(parent / ".dvc" / "tmp" / "exps"):
            return parent
    return here


def scratch_folder() -> Path:
    """Return the folder for resumable work; git and DVC ignore it, and removing it loses only time."""
    return main_checkout() / ".scratch"


def source_folder(source: str) -> Path | None:
    """Return the museum folder that `fetch.source` names, or None for `sample` and `met`.

    Raises:
        UserError: `source` is a path and no museum folder lies there.
    """
    if source in ("sample", "met"):
        return None
    try:
        folder = main_checkout() / Path(source).expanduser()
        found = (folder / RECORDS).is_file()
    except (OSError, RuntimeError, ValueError) as error:  # a name too long, an unknown user, a null byte
        raise UserError(f"fetch.source: {source[:100]!r} is no path of a museum folder ({error}).") from None
    if not found:
        raise UserError(
            f"fetch.source: {source!r} is no museum folder ({folder / RECORDS} is missing); "
            "give `sample`, `met` or a folder with records.jsonl and images/."
        )
    return folder
