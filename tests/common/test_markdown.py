import pytest
from markdown_it import MarkdownIt

from met_culture.common.markdown import escape_markdown

TEXTS = [
    "![i](http://127.0.0.1:9/track.png)",
    "<img src=http://127.0.0.1:9/x>",
    "[a](http://x) <http://x> &amp; *b* _c_ `d` ~~e~~ | f",
    "# a",
    "- a",
    "1. a",
    "2) a",
    "=== a",
    "a\\",
    "a\\![i](x)",
    "Iran (Persia), 17th-18th century",
]


@pytest.mark.parametrize("text", TEXTS)
def test_it_is_shown_as_text(text: str) -> None:
    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    (paragraph,) = [token for token in markdown.parse(escape_markdown(text)) if token.type == "inline"]
    assert {child.type for child in paragraph.children or []} <= {"text", "text_special"}
    assert "".join(child.content for child in paragraph.children or []) == text


def test_it_is_one_line() -> None:
    assert "\n" not in escape_markdown("a\n\n![i](x)")


@pytest.mark.parametrize("text", ["synthetic sample", "China", "museum folder museum", "Iran (Persia), 17th-18th"])
def test_what_is_no_markup_stays(text: str) -> None:
    assert escape_markdown(text) == text
