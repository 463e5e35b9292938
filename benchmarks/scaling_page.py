"""Write docs/scaling.md from scaling.md.jinja and benchmarks/results/: `python benchmarks/scaling_page.py`."""

from typing import Any

from measure import RESULTS, ROOT
from pages import render

from met_culture.common.files import read_json

PAGE = ROOT / "docs/scaling.md"
RESULTS_SHOWN = (
    "preprocess",
    "train",
    "inference",
    "scale",
    "several",
    "dvc_scale",
    "fetch_cost",
)
COLLECTION = 500_000  # objects


def text() -> str:
    """Return the page of the results as they lie there.

    Raises:
        UndefinedError: The template names a value that no result has.
    """
    results: dict[str, Any] = {name: read_json(RESULTS / f"{name}.json") for name in RESULTS_SHOWN}
    return render("scaling.md.jinja", results | {"collection": COLLECTION})


def main() -> None:
    """Write the page."""
    PAGE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
