"""The dashboard: drop a picture, see what it is taken for, where the network looked, and which paintings are like it.

`make app` starts it with Streamlit, for this machine alone (.streamlit/config.toml). It reads what the pipeline has
written, and what is uploaded stays in memory.
"""

import threading
from dataclasses import dataclass
from pathlib import Path

from met_culture.models import backend  # isort: skip - sets up what keras reads at import

import keras
import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from met_culture.common.errors import UserError
from met_culture.common.templates import template
from met_culture.dashboard.neighbours import Neighbours, embed, embedding, neighbours, painting
from met_culture.dashboard.revisions import MODEL, Revision, revisions
from met_culture.evaluate.gradcam import heat_maps, overlay
from met_culture.explore.thumbnails import thumbnail
from met_culture.images.check import MAX_BYTES, MAX_PIXELS
from met_culture.predict.inputs import Picture
from met_culture.predict.outputs import Prediction
from met_culture.predict.predictor import Models, predict
from met_culture.report.run import museum_link, picture

RAW, PAINTINGS = Path("data/raw"), Path("data/clean/paintings.csv")
EXAMPLES = 3  # of each culture, of the test split
NEAREST = 6
QUALITY = 80  # of the thumbnails


@dataclass(frozen=True)
class Loaded:
    """A model that is ready to answer.

    Attributes:
        models: It alone, with what prediction has to know of it.
        embedder: The part of it that compares pictures.
        training: The paintings that it compares with; None where there are none.
        lock: Held while it works, as several people may ask at once.
    """

    models: Models
    embedder: keras.Model
    training: Neighbours | None
    lock: threading.Lock


@st.cache_data(ttl=60, show_spinner="Looking for trained models")
def offered() -> tuple[list[Revision], str]:
    """Return the models to choose from, and why others are missing."""
    return revisions()


@st.cache_data(show_spinner=False)
def paintings(changed: float) -> pd.DataFrame:
    """Return the paintings that the pipeline has kept.

    Raises:
        UserError: The table is damaged.
    """
    try:
        return pd.read_csv(PAINTINGS, keep_default_na=False).astype({"label": str, "split": str, "image_file": str})
    except (ValueError, KeyError) as error:
        raise UserError(f"{PAINTINGS} is damaged ({error}); run `make repro`.") from None


@st.cache_resource(max_entries=3, show_spinner="Loading the model and its training paintings")
def load(revision: Revision, changed: float, table_changed: float) -> Loaded:
    """Return a model and the features of its training paintings."""
    backend.make_deterministic()
    models = revision.load()
    embedder = embedding(models[0][0])
    training = neighbours(paintings(table_changed), RAW, models, embedder) if table_changed else None
    return Loaded(models, embedder, training, threading.Lock())


def changed(path: Path) -> float:
    """Return when a file was changed, in seconds; 0 where there is none."""
    return path.stat().st_mtime if path.is_file() else 0.0


def examples(table: pd.DataFrame) -> dict[str, str]:
    """Return the image files of some test paintings by what they are called, `EXAMPLES` of each culture."""
    some = table[table["split"] == "test"].groupby("label", sort=False).head(EXAMPLES)
    return {f"{row['title'] or 'Untitled'} ({row['objectID']})": row["image_file"] for _, row in some.iterrows()}


def chosen(table: pd.DataFrame) -> Picture | None:
    """Ask for a picture; an upload goes before an example."""
    limit = f"JPEG, PNG or WebP, at most {MAX_BYTES // 1_000_000} MB and {MAX_PIXELS // 1_000_000} million pixels"
    uploaded = st.file_uploader(f"A picture of a painting ({limit})", type=["jpg", "jpeg", "png", "webp"])
    files = examples(table) if len(table) else {}
    example = st.selectbox("or a painting of the test images", list(files), index=None, placeholder="Pick an example")
    if uploaded:
        return Picture("upload", uploaded.getvalue)
    return painting(RAW, files[example]) if example else None


def show_answer(answer: Prediction, loaded: Loaded) -> None:
    """Show probabilities, what the network saw and where it looked."""
    model, meta = loaded.models[0]
    best = int(answer.shares.argmax())
    share = f"{answer.shares[best]:.0%}"
    if answer.shares[best] < meta.threshold:
        st.warning(f"Unsure: {meta.labels[best]} at best, {share}; below {meta.threshold:.0%} it does not answer.")
    else:
        st.success(f"{meta.labels[best]}, {share}")
    for label, probability in zip(meta.labels, answer.shares, strict=True):
        st.progress(min(1.0, float(probability)), text=f"{label}: {probability:.1%}")
    image = answer.arrays[0]
    saw, looked = st.columns(2)
    saw.image(image, caption=f"What the network saw: {meta.image_size} x {meta.image_size} pixels", width="stretch")
    heated = overlay(image, heat_maps(model, image[None], np.array([best]))[0])
    looked.image(heated, caption=f"Where it looked for {meta.labels[best]}: yellow most", width="stretch")


def show_nearest(answer: Prediction, loaded: Loaded) -> None:
    """Show the training paintings that are most like a picture."""
    st.subheader("Training paintings most like it")
    training = loaded.training
    if training is None or not len(training.rows):
        st.info("There are no training paintings here; `make repro` makes them.")
        return
    found = training.nearest(embed(loaded.embedder, answer.arrays[0][None])[0], NEAREST).to_dict("records")
    rows = [
        row | {"image": Image.fromarray(thumbnail(RAW / row["image_file"])), "link": museum_link(row["objectURL"])}
        for row in found
    ]
    # Titles and names come from a museum: the template escapes them.
    st.html(template("dashboard/nearest.html").render(rows=rows, data=lambda image: picture(image, QUALITY)))
    some = "" if len(training.rows) == training.of else f" {len(training.rows):,} of"
    st.caption(f"By the network's own features (cosine), among{some} the {training.of:,} training paintings here.")


def main() -> None:
    """Show the page."""
    st.set_page_config("Culture of a painting", layout="centered")
    st.title("Which culture does a painting come from?")
    try:
        found, note = offered()
        revision = st.selectbox("Trained model", found, format_func=lambda each: each.name)
        if note:
            st.caption(note)
        table_changed = changed(PAINTINGS)
        loaded = load(revision, changed(Path(MODEL)), table_changed)
        source = loaded.models[0][1].source
        real = " It is drawn by a program: answers say nothing about real paintings." if "synthetic" in source else ""
        st.caption(f"Trained on the {source}.{real}")
        asked = chosen(paintings(table_changed) if table_changed else pd.DataFrame())
    except UserError as error:
        st.error(str(error))
        return
    if not asked:
        return
    with loaded.lock:
        (answer,) = predict([asked], loaded.models)
        if answer.error:
            st.error(f"This picture cannot be used: {answer.error}. Choose another one.")
            return
        show_answer(answer, loaded)
        show_nearest(answer, loaded)


if __name__ == "__main__":
    main()
