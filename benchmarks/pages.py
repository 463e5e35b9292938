"""Render a page of docs/ from its Jinja template in benchmarks/."""

from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from measure import ROOT


def render(template: str, values: dict[str, Any]) -> str:
    """Return the page of a template.

    Raises:
        UndefinedError: The template names a value that is not there.
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
    return environment.get_template(template).render(values)
