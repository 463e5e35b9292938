"""Write docs/scaling.md from scaling.md.jinja and benchmarks/results/: `python benchmarks/scaling_page.py`."""

from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from measure import RESULTS, ROOT

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
    "models_article_50",
    "models_article_50_bfloat16",
)
COLLECTION = 500_000  # objects


def text() -> str:
    """Return the page of the results as they lie there.

    Raises:
        UndefinedError: The template names a value that no result has.
    """
    # Markdown, so nothing is escaped; all of it is the project's own.
    environment = Environment(
        loader=FileSystemLoader(ROOT / "benchmarks"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701
    )
    results: dict[str, Any] = {name: read_json(RESULTS / f"{name}.json") for name in RESULTS_SHOWN}
    return environment.get_template("scaling.md.jinja").render(results, collection=COLLECTION)


def main() -> None:
    """Write the page."""
    PAGE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
