"""Make DVC's pages of plots work without a network: `python -m met_culture.offline_plots`, in the repository.

Reads: `.dvc/plots.html`, the template of the pages, which refers to one script.
Writes: `.cache/vega.js`, that script: Vega, Vega-Lite and Vega-Embed; `.dvc/plots.local.html`, a copy of the template
that contains the script, because a page written elsewhere (`dvc plots show -o`) would not find it; and a line in
`.dvc/config.local` that makes DVC use the copy, unless the user has chosen another template there.
"""

from pathlib import Path

import vl_convert
from configobj import ConfigObj, ConfigObjError

from met_culture.common.cli import path_arguments, run
from met_culture.common.errors import UserError
from met_culture.common.files import write_bytes
from met_culture.common.terminal import print_line

VEGA_LITE = "6.4"  # fits the version of Vega in vl_convert; with Vega-Lite 5, Vega would print a warning for every plot
TEMPLATE, BUNDLE = Path(".dvc/plots.html"), Path(".cache/vega.js")
# Beside DVC's local configuration: DVC fails if its template is missing, and here `git clean` removes both or neither.
OFFLINE, CONFIG = Path(".dvc/plots.local.html"), Path(".dvc/config.local")
REFERENCE = '<script src="../.cache/vega.js"></script>'


def bundle() -> str:
    """Return the script, which defines only `vegaEmbed` for the page."""
    return f"(() => {{{vl_convert.javascript_bundle('window.vegaEmbed = vegaEmbed;', vl_version=VEGA_LITE)}}})();\n"


def inlined(template: str, script: str) -> str:
    """Return the template with the script in place of the reference to it.

    Raises:
        UserError: The template has no reference, or several.
    """
    if template.count(REFERENCE) != 1:
        raise UserError(f"{TEMPLATE}: must hold {REFERENCE} once; put it back.")
    # HTML ends a script at its end tag, even inside a string.
    escaped = script.replace("</script", r"<\/script")
    return template.replace(REFERENCE, f"<script>{escaped}</script>")


def configure() -> bool:
    """Make DVC use the copy, unless the user has chosen a template; return whether DVC uses it.

    Raises:
        UserError: DVC's local configuration is damaged.
    """
    try:
        config = ConfigObj(str(CONFIG), encoding="utf-8", file_error=False)
    except (ConfigObjError, UnicodeDecodeError) as error:
        raise UserError(f"{CONFIG} is damaged ({error}); repair it.") from None
    plots = config.setdefault("plots", {})
    if "html_template" not in plots:
        plots["html_template"] = OFFLINE.name
        config.write()
    return plots["html_template"] == OFFLINE.name


def main() -> None:
    """Write the script, the copy of the template and the line of the configuration."""
    path_arguments(__doc__, prog="python -m met_culture.offline_plots")
    script = bundle()
    page = inlined(TEMPLATE.read_text(encoding="utf-8"), script)
    write_bytes(BUNDLE, script.encode())
    write_bytes(OFFLINE, page.encode())
    if not configure():
        print_line(f"{CONFIG} names another html_template, which stays; remove that line to use {OFFLINE}.")


if __name__ == "__main__":
    run(main)
