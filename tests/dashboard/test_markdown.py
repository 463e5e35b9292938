"""What a browser makes of the text that Streamlit gets; `opened` sees whether it loads anything."""

from pathlib import Path

from browsing import opened, streamlit
from playwright.sync_api import Browser, expect

TEXTS = [
    "![i](http://127.0.0.1:9/track.png)",
    "<img src='http://127.0.0.1:9/x'> &amp; *a* _b_ ~~c~~ `d` $e^2$",
    ":red[x] :material/home: :smile: :streamlit:",
    "http://127.0.0.1:9/ www.evil.example a@evil.example https://evil.example",
    "# a",
    "1. a",
]
PAGE = f"""
import numpy as np
import streamlit as st
from met_culture.dashboard.markdown import plain

for text in {TEXTS!r}:
    for show in (st.success, st.warning, st.error, st.caption):
        show(plain(text))
    st.progress(0.5, text=plain(text))
    st.image(np.zeros((9, 9), np.uint8), caption=plain(text))
st.caption("the end")
st.selectbox("model", {TEXTS[:1]!r})
"""


def test_text_is_shown_as_text_and_loads_nothing(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "page.py").write_text(PAGE)
    with streamlit(tmp_path / "page.py", tmp_path) as url, opened(browser, url) as page:
        expect(page.get_by_text("the end", exact=True)).to_be_visible()
        expect(page.get_by_test_id("stImageCaption")).to_have_count(len(TEXTS))
        page.wait_for_load_state("networkidle")
        shown = page.locator("[data-testid=stMain]").inner_text().replace("\u2060", "").splitlines()
        for text in TEXTS:
            assert shown.count(text) >= 6, text
        links = [link.get_attribute("href") or "" for link in page.locator("[data-testid=stMain] a").all()]
        assert [link for link in links if not link.startswith("#")] == []
