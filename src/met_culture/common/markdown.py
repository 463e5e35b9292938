"""Show text of others in Markdown as the text that it is."""

import re

from met_culture.common.terminal import printable

# What starts markup within a line, addresses without brackets included.
SPECIAL = re.compile(r"[\\`*_{}\[\]<>!|~$&:@#]|(?<=www)\.", re.IGNORECASE)
START = re.compile(r"^(\d*)([-+=.)])")  # what starts a list or a heading


def escape_markdown(text: str) -> str:
    """Return one line of Markdown that shows `text`: no image, link, formula or HTML comes of it."""
    return START.sub(r"\1\\\2", SPECIAL.sub(r"\\\g<0>", printable(text)))
