"""The dashboard: upload an image, see its predicted culture, a heat map, and the most similar training paintings.

Or guess the culture of random test paintings against the model.
`make app` starts it with Streamlit, for this machine alone (.streamlit/config.toml). It reads outputs of the pipeline;
uploads stay in memory.
"""

import threading
from dataclasses import dataclass
from pathlib import Path

from met_culture.models import backend  # isort: skip - sets up what keras reads at import

import keras
import pandas as pd
import streamlit as st

from met_culture.common.csv_files import check_splits, read_table
from met_culture.common.errors import UserError
from met_culture.dashboard.markdown import plain
from met_culture.dashboard.neighbours import Neighbours, embedding, neighbours
from met_culture.dashboard.revisions import MODEL, Revision, revisions
from met_culture.dashboard.surprise import play
from met_culture.dashboard.views import RAW, choose_image, show_error, show_nearest, show_prediction
from met_culture.predict.inputs import InputImage
from met_culture.predict.outputs import Failure
from met_culture.predict.predictor import Models, predict

PAINTINGS = Path("data/clean/paintings.csv")
TEXTS = ("label", "split", "title", "artistDisplayName", "objectDate", "image_file")
COLUMNS = {"objectID": int} | dict.fromkeys(TEXTS, str)
SURPRISE = "Surprise me"
PARTS = ("Predict an image", SURPRISE)


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to predict.

    Attributes:
        models: The model and its metadata, the only pair in the list.
        embedder: The model without its last layer.
        training: The training paintings; None if the pipeline has not written them.
        lock: Held during a prediction, because several users may predict at once.
    """

    models: Models
    embedder: keras.Model
    training: Neighbours | None
    lock: threading.Lock


@st.cache_data(ttl=60, show_spinner="Looking for trained models")
def available_models() -> tuple[list[Revision], str]:
    """Return the models to choose from, and why others are missing."""
    return revisions()


@st.cache_data(show_spinner=False)
def read_paintings(changed: float) -> pd.DataFrame:
    """Return the table of paintings, empty if `changed` is 0; a new value reads it again.

    Raises:
        UserError: The table is damaged.
    """
    if not changed:
        return pd.DataFrame()
    paintings = read_table(PAINTINGS, COLUMNS, "dvc repro clean")
    check_splits(PAINTINGS, paintings, ("train", "test"), "dvc repro clean")
    return paintings


@st.cache_resource(max_entries=3, show_spinner="Loading the model and its training paintings")
def load(revision: Revision, changed: float, table_changed: float) -> LoadedModel:
    """Return a model and the features of its training paintings; a new time of change loads it again."""
    backend.make_deterministic()
    models = revision.load()
    embedder = embedding(models[0][0])
    training = neighbours(read_paintings(table_changed), RAW, models, embedder) if table_changed else None
    return LoadedModel(models, embedder, training, threading.Lock())


def changed_at(path: Path) -> float:
    """Return the time of the last change of a file, in seconds; 0 if it is missing."""
    return path.stat().st_mtime if path.is_file() else 0.0


def choose_model() -> tuple[Revision, LoadedModel]:
    """Show the choice of a model, and return it.

    Raises:
        UserError: The model or the table of paintings is missing or damaged.
    """
    available, note = available_models()
    revision = st.selectbox("Trained model", available, format_func=lambda revision: revision.name)
    if note:
        st.caption(plain(note))
    loaded = load(revision, changed_at(Path(MODEL)), changed_at(PAINTINGS))
    source = loaded.models[0][1].source
    drawn = " A program drew it: predictions say nothing about real paintings." if "synthetic" in source else ""
    st.caption(f"Trained on the {plain(source)}.{drawn}")
    return revision, loaded


def show_image(loaded: LoadedModel, image: InputImage) -> None:
    """Show what the model predicts for an image.

    Raises:
        UserError: The model gives values that are no probabilities.
    """
    with loaded.lock:
        (result,) = predict([image], loaded.models)
        if isinstance(result, Failure):
            st.error(f"This image cannot be used: {plain(result.error)}. Choose another one.")
            return
        show_prediction(result, loaded.models)
        show_nearest(result.arrays[0], loaded.embedder, loaded.training)


def show_page() -> None:
    """Show the choice of a model, and below it the prediction of an image or the game.

    Raises:
        UserError: The model or the table of paintings is missing or damaged.
    """
    revision, loaded = choose_model()
    changed = changed_at(PAINTINGS)
    paintings = read_paintings(changed)
    if st.segmented_control("Part", PARTS, default=PARTS[0], required=True, label_visibility="collapsed") == SURPRISE:
        play(paintings, loaded.models, (revision, changed_at(Path(MODEL)), changed), loaded.lock)
        return
    image = choose_image(paintings)
    if image:
        show_image(loaded, image)


def main() -> None:
    """Show the page."""
    st.set_page_config("Culture of a painting", layout="centered")
    st.title("Which culture does a painting come from?")
    try:
        show_page()
    except UserError as error:
        show_error(error)


if __name__ == "__main__":
    main()
