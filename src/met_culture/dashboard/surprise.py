"""The part "Surprise me" of the dashboard: guess the culture of a random test painting, then see the model's answer."""

import secrets
import threading
from collections.abc import Hashable

import cv2
import numpy as np
import pandas as pd
import streamlit as st

from met_culture.dashboard.game import Game, new_game
from met_culture.dashboard.markdown import plain
from met_culture.dashboard.neighbours import painting
from met_culture.dashboard.views import RAW, show_probabilities
from met_culture.images.decode import decode
from met_culture.predict.inputs import InputImage
from met_culture.predict.outputs import Failure
from met_culture.predict.predictor import Models, predict

GAME = "game"  # key of the session's state
WIDTH, HEIGHT = 440, 380  # pixels of the picture at most, so that the buttons stay in view
SHORTCUTS = 9  # the first labels are also chosen by the keys 1 to 9
MARKS = {True: "✓", False: "✗"}


def select_paintings(paintings: pd.DataFrame, labels: tuple[str, ...]) -> pd.DataFrame:
    """Return the test paintings whose label the model knows; `paintings` may be empty, without columns."""
    if not len(paintings):
        return paintings
    return paintings[(paintings["split"] == "test") & paintings["label"].isin(labels)]


def current_game(key: Hashable, paintings: int) -> Game:
    """Return the session's game, a new one if the model or the paintings have changed."""
    game = st.session_state.get(GAME)
    if not isinstance(game, Game) or game.key != key:
        game = st.session_state[GAME] = new_game(key, paintings, secrets.randbits(32))
    return game


def forget_game() -> None:
    """Let the next run start a new game."""
    st.session_state.pop(GAME, None)


def shown_size(image: np.ndarray) -> np.ndarray:
    """Return an image, uint8 (h, w, 3), of at most `WIDTH` x `HEIGHT` pixels."""
    height, width = image.shape[:2]
    scale = min(1, WIDTH / width, HEIGHT / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def show_score(game: Game) -> None:
    """Show how many guesses and predictions were correct, for the same paintings, and how many paintings are left."""
    correct = f"Correct: you **{game.visitor} of {game.guesses}**, the model **{game.model} of {game.guesses}**."
    position = min(game.position + 1, len(game.order))
    st.markdown(f"{correct} Test painting {position:,} of {len(game.order):,}, in random order.")


def ask(game: Game, labels: tuple[str, ...], predicted: str, label: str) -> None:
    """Show a button for each label."""
    st.markdown("**Which culture does this painting come from?**")
    for number, name in enumerate(labels, 1):
        shortcut = str(number) if number <= SHORTCUTS else None
        arguments = (name, predicted, label)
        # The key tells buttons of equal labels, which a foreign model may have, apart.
        key = f"guess {number}"
        st.button(plain(name), key, on_click=game.take_guess, args=arguments, shortcut=shortcut, width="stretch")


def show_answer(game: Game, label: str, predicted: str, probability: float) -> None:
    """Show the true label, the guess, and the prediction in green or red."""
    st.markdown(f"It comes from **{plain(label)}**.")
    st.markdown(f"{MARKS[game.guess == label]} Your guess: {plain(game.guess or '')}")
    answer = f"The model: {plain(predicted)}, {probability:.0%}"
    if predicted == label:
        st.success(f"{answer}. This is right.", icon=":material/check_circle:")
    else:
        st.error(f"{answer}. This is wrong.", icon=":material/cancel:")
    st.button("Next painting", on_click=game.show_next, type="primary", shortcut="N", width="stretch")


def describe(row: pd.Series) -> str:
    """Return title, artist and date of a painting, as Markdown that shows them as text."""
    parts = [row["title"] or "Untitled", row["artistDisplayName"], row["objectDate"]]
    return plain(", ".join(str(part) for part in parts if part))


def show_painting(game: Game, row: pd.Series, image: InputImage, models: Models) -> None:
    """Show a painting, and beside it the question; after the guess the answer above it, which fits on a phone's screen.

    Raises:
        UserError: The model gives values that are no probabilities.
    """
    labels = models[0][1].labels
    (result,) = predict([image], models)
    if isinstance(result, Failure):
        # Neither side gets a point for a painting that cannot be read.
        st.warning(f"Painting {row['objectID']} cannot be shown: {plain(result.error)}.")
        st.button("Next painting", on_click=game.show_next, type="primary", shortcut="N")
        return
    predicted, label = labels[int(result.probabilities.argmax())], row["label"]
    if game.guess is not None:
        show_answer(game, label, predicted, float(result.probabilities.max()))
    left, right = st.columns(2)
    # A caption of the image itself would widen it to the column.
    left.image(shown_size(decode(image.read())), alt="The painting to guess")
    with right:
        if game.guess is None:
            ask(game, labels, predicted, label)
        else:
            show_probabilities(result.probabilities, labels)
    if game.guess is not None:
        left.caption(describe(row))  # the title may name the culture


def play(paintings: pd.DataFrame, models: Models, key: Hashable, lock: threading.Lock) -> None:
    """Show the game with the test paintings.

    Args:
        paintings: The table of paintings.csv; empty if the pipeline has not written it.
        models: The model, the only pair in the list.
        key: Stands for the model and the paintings; a new game starts when it changes.
        lock: Held during a prediction.

    Raises:
        UserError: The model gives values that are no probabilities.
    """
    pool = select_paintings(paintings, models[0][1].labels)
    if not len(pool):
        st.info("There are no test paintings of the model's cultures here; `make repro` creates them.")
        return
    game = current_game(key, len(pool))
    show_score(game)
    if game.is_over:
        st.success(f"You have seen all {len(pool):,} test paintings.")
        st.button("Play again", on_click=forget_game, type="primary")
        return
    row = pool.iloc[game.order[game.position]]
    with lock:
        show_painting(game, row, painting(RAW, row["image_file"]), models)
