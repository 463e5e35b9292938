"""Show text of others on a page of Streamlit, most of whose elements take a text for Markdown."""

import re

from met_culture.common.markdown import escape_markdown

JOINER = "\u2060"  # a character without width


def plain(text: str) -> str:
    """Return Markdown of Streamlit that shows `text`; in most of its elements a text is Markdown."""
    # Streamlit looks for addresses and `:names:` of symbols once more after the escapes; the joiner hides them.
    return re.sub(r"(\\[:@])|(\\\.)", rf"\1{JOINER}\2", escape_markdown(text))
