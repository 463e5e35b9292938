"""The dashboard: upload an image, see its predicted culture, a heat map, and the most similar training paintings.

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
from met_culture.dashboard.views import RAW, choose_image, show_error, show_nearest, show_prediction
from met_culture.predict.inputs import InputImage
from met_culture.predict.outputs import Failure
from met_culture.predict.predictor import Models, predict

PAINTINGS = Path("data/clean/paintings.csv")
COLUMNS = {"objectID": int, "label": str, "split": str, "title": str, "image_file": str}


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


def choose() -> tuple[LoadedModel, InputImage | None]:
    """Show the choice of a model and an image, and return both.

    Raises:
        UserError: The model or the table of paintings is missing or damaged.
    """
    available, note = available_models()
    revision = st.selectbox("Trained model", available, format_func=lambda revision: revision.name)
    if note:
        st.caption(plain(note))
    table_changed = changed_at(PAINTINGS)
    loaded = load(revision, changed_at(Path(MODEL)), table_changed)
    source = loaded.models[0][1].source
    drawn = " A program drew it: predictions say nothing about real paintings." if "synthetic" in source else ""
    st.caption(f"Trained on the {plain(source)}.{drawn}")
    return loaded, choose_image(read_paintings(table_changed))


def main() -> None:
    """Show the page."""
    st.set_page_config("Culture of a painting", layout="centered")
    st.title("Which culture does a painting come from?")
    try:
        loaded, image = choose()
    except UserError as error:
        show_error(error)
        return
    if not image:
        return
    with loaded.lock:
        try:
            (result,) = predict([image], loaded.models)
        except UserError as error:
            show_error(error)
            return
        if isinstance(result, Failure):
            st.error(f"This image cannot be used: {plain(result.error)}. Choose another one.")
            return
        show_prediction(result, loaded.models)
        show_nearest(result.arrays[0], loaded.embedder, loaded.training)


if __name__ == "__main__":
    main()
