"""Load a Jinja template of the package; each template lies in the folder of the module that fills it."""

import jinja2

from met_culture.common.markdown import escape_markdown


def template(name: str) -> jinja2.Template:
    """Return a template; one that ends in .html escapes every value, one that ends in .md those with `| markdown`.

    Args:
        name: Path inside the package, such as `report/report.html`.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("met_culture", ""),
        autoescape=jinja2.select_autoescape(["html"], default=False),
        undefined=jinja2.StrictUndefined,  # a misspelt name in a template must be an error, not an empty cell
        keep_trailing_newline=True,
    )
    environment.filters["markdown"] = escape_markdown
    return environment.get_template(name)
