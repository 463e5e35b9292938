"""Check params.yaml as a whole: `python -m met_culture.params` names the key that is wrong.

Every stage checks its own section again when it starts. params.yaml explains unit and meaning of each key.
"""

from pathlib import Path
from typing import Any

from met_culture.clean.params import CleanParams
from met_culture.common.cli import path_arguments, run
from met_culture.common.config import PARAMS, check_section, read_sections
from met_culture.common.errors import UserError
from met_culture.common.paths import source_folder
from met_culture.evaluate.params import EvaluateParams
from met_culture.explore.params import ExploreParams
from met_culture.fetch.params import FetchParams
from met_culture.preprocess.params import PreprocessParams
from met_culture.train.params import TrainParams

SECTIONS: dict[str, type] = {
    "fetch": FetchParams,
    "clean": CleanParams,
    "explore": ExploreParams,
    "preprocess": PreprocessParams,
    "train": TrainParams,
    "evaluate": EvaluateParams,
}


def check_all(path: Path = PARAMS) -> None:
    """Check that every section is valid, none is unknown, and `fetch.source` exists.

    Raises:
        UserError: The file, a section or a key is missing, unknown or out of range.
    """
    content = read_sections(path)
    unknown = [str(key) for key in content if key not in SECTIONS]
    if unknown:
        raise UserError(f"{path}: {unknown[0]} is not a known section; the sections are {', '.join(SECTIONS)}.")
    checked: dict[str, Any] = {name: check_section(path, content, name, kind) for name, kind in SECTIONS.items()}
    source_folder(checked["fetch"].source)


def main() -> None:
    """Check the params.yaml of the current folder."""
    path_arguments(__doc__, prog="python -m met_culture.params")
    check_all()


if __name__ == "__main__":
    run(main)
