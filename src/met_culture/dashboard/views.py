"""The parts of the dashboard's page: the choice of an image, its prediction, and similar training paintings."""

from pathlib import Path

import keras
import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from met_culture.common.errors import UserError
from met_culture.common.templates import template
from met_culture.dashboard.markdown import plain
from met_culture.dashboard.neighbours import Neighbours, embed, painting
from met_culture.evaluate.gradcam import method
from met_culture.explore.thumbnails import thumbnail
from met_culture.images.check import MAX_BYTES, MAX_PIXELS
from met_culture.models.model_file import ModelMeta
from met_culture.predict.inputs import InputImage
from met_culture.predict.outputs import Prediction
from met_culture.predict.predictor import Models, heat_map
from met_culture.report.pictures import museum_link, picture

RAW = Path("data/raw")
EXAMPLES = 3  # of each culture, from the test split
NEAREST = 6
QUALITY = 80  # of the thumbnails


def show_error(error: UserError) -> None:
    """Show the sentence of an error; only the commands in it, between backticks, are set apart."""
    st.error(plain(str(error)).replace("\\`", "`"))


def examples(paintings: pd.DataFrame) -> dict[str, str]:
    """Return the image files of `EXAMPLES` test paintings of each culture, by title and objectID."""
    chosen = paintings[paintings["split"] == "test"].groupby("label", sort=False).head(EXAMPLES)
    return {f"{row['title'] or 'Untitled'} ({row['objectID']})": row["image_file"] for _, row in chosen.iterrows()}


def choose_image(paintings: pd.DataFrame) -> InputImage | None:
    """Show the choice of an image and return it, or None; an upload takes precedence over an example."""
    limit = f"JPEG, PNG or WebP, at most {MAX_BYTES // 1_000_000} MB and {MAX_PIXELS // 1_000_000} million pixels"
    uploaded = st.file_uploader(f"An image of a painting ({limit})", type=["jpg", "jpeg", "jpe", "jfif", "png", "webp"])
    files = examples(paintings) if len(paintings) else {}
    example = st.selectbox("or a painting of the test images", list(files), index=None, placeholder="Pick an example")
    if uploaded:
        return InputImage("upload", uploaded.getvalue)
    return painting(RAW, files[example]) if example else None


def show_label(probabilities: np.ndarray, meta: ModelMeta) -> None:
    """Show the label of highest probability, or that the model is unsure, and the probability of each label."""
    labels = [plain(label) for label in meta.labels]
    best = int(probabilities.argmax())
    percent = f"{probabilities[best]:.0%}"
    if probabilities[best] < meta.threshold:
        st.warning(f"Unsure: {labels[best]} is most probable, {percent}, but below {meta.threshold:.0%}.")
    else:
        st.success(f"{labels[best]}, {percent}")
    show_probabilities(probabilities, meta.labels)


def show_probabilities(probabilities: np.ndarray, labels: tuple[str, ...]) -> None:
    """Show the probability of each label, float (labels,)."""
    for label, probability in zip(labels, probabilities, strict=True):
        st.progress(min(1.0, float(probability)), text=f"{plain(label)}: {probability:.1%}")


def show_prediction(prediction: Prediction, models: Models) -> None:
    """Show probabilities, the input of the network and the heat map."""
    _, meta = models[0]
    show_label(prediction.probabilities, meta)
    label = plain(meta.labels[int(prediction.probabilities.argmax())])
    size = f"{meta.image_size} x {meta.image_size} pixels"
    left, right = st.columns(2)
    left.image(prediction.arrays[0], caption=f"The input of the network: {size}", width="stretch")
    caption = f"{method(models[0][0])}: evidence for {label}, yellow most"
    right.image(heat_map(prediction, models), caption=caption, width="stretch")


def show_nearest(array: np.ndarray, embedder: keras.Model, training: Neighbours | None) -> None:
    """Show the training paintings most similar to an image, uint8 (size, size, 3)."""
    st.subheader("Most similar training paintings")
    if training is None or not len(training.rows):
        st.info("There are no training paintings here; `make repro` creates them.")
        return
    features = embed(embedder, array[None])[0]
    rows = []
    for row in training.nearest(features, NEAREST).to_dict("records"):
        image = Image.fromarray(thumbnail(RAW / row["image_file"]))
        rows.append(row | {"image": image, "link": museum_link(row["objectURL"])})
    # Titles and names come from a museum: the template escapes them.
    st.html(template("dashboard/nearest.html").render(rows=rows, data=lambda image: picture(image, QUALITY)))
    sample = "" if len(training.rows) == training.total else f" {len(training.rows):,} of"
    st.caption(f"By the network's own features (cosine), among{sample} the {training.total:,} training paintings here.")
