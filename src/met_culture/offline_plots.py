"""Let DVC's pages of plots open without a network: `python -m met_culture.offline_plots`, in the repository.

Writes Vega, Vega-Lite and Vega-Embed as one script, which `.dvc/plots.html` refers to, and a copy of that template in
which the script stands itself, as a page that is written elsewhere (`dvc plots show -o`) would not find it. DVC takes
the copy by `.dvc/config.local`, unless a template of the user's own is set there.
"""

import argparse
from pathlib import Path

import vl_convert
from configobj import ConfigObj, ConfigObjError

from met_culture.common.cli import run
from met_culture.common.errors import UserError
from met_culture.common.files import write_bytes

VEGA_LITE = "6.4"  # compiles for the version of Vega that the package holds; with 5, Vega warns of every plot
TEMPLATE, BUNDLE = Path(".dvc/plots.html"), Path(".cache/vega.js")
# Beside DVC's local configuration, as DVC fails on a template that is gone: `git clean` and whoever empties a folder of
# caches remove both or none.
OFFLINE, CONFIG = Path(".dvc/plots.local.html"), Path(".dvc/config.local")
REFERENCE = '<script src="../.cache/vega.js"></script>'


def bundle() -> str:
    """Return the script that defines `vegaEmbed`, and nothing else, for the page."""
    return f"(() => {{{vl_convert.javascript_bundle('window.vegaEmbed = vegaEmbed;', vl_version=VEGA_LITE)}}})();\n"


def inlined(template: str, script: str) -> str:
    """Return the template with the script itself in the place of its reference; `UserError` where there is none."""
    if template.count(REFERENCE) != 1:
        raise UserError(f"{TEMPLATE}: must hold {REFERENCE} once; put it back.")
    # HTML ends a script at its end tag, in a string of the script too.
    inside = script.replace("</script", r"<\/script")
    return template.replace(REFERENCE, f"<script>{inside}</script>")


def choose() -> bool:
    """Let DVC take the copy; returns whether it does, as a template that the user has chosen stays."""
    try:
        config = ConfigObj(str(CONFIG), encoding="utf-8", file_error=False)
    except (ConfigObjError, UnicodeDecodeError) as error:
        raise UserError(f"{CONFIG} is damaged ({error}); mend it.") from None
    plots = config.setdefault("plots", {})
    if "html_template" not in plots:
        plots["html_template"] = OFFLINE.name
        config.write()
    return plots["html_template"] == OFFLINE.name


def main() -> None:
    """Write both files and the line of DVC's local configuration."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    script = bundle()
    page = inlined(TEMPLATE.read_text(encoding="utf-8"), script)
    write_bytes(BUNDLE, script.encode())
    write_bytes(OFFLINE, page.encode())
    if not choose():
        print(f"{CONFIG} names an html_template of its own, which stays; without it, DVC would take {OFFLINE}.")


if __name__ == "__main__":
    run(main)
