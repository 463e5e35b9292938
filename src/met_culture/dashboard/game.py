"""The guessing game of the dashboard: the order of the paintings, and the score of the visitor and of the model."""

from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Game:
    """One session's game; each painting is shown once.

    Attributes:
        key: The model and the paintings of the game; a new game starts when they change.
        order: Indices of the paintings, shuffled.
        position: Index in `order` of the painting that is shown; `len(order)` at the end.
        guess: The visitor's guess for this painting; None before it.
        guesses: Number of paintings with a guess.
        visitor: Number of the visitor's correct guesses.
        model: Number of the model's correct predictions, for the same paintings.
    """

    key: Hashable
    order: list[int]
    position: int = 0
    guess: str | None = field(default=None, init=False)
    guesses: int = field(default=0, init=False)
    visitor: int = field(default=0, init=False)
    model: int = field(default=0, init=False)

    @property
    def is_over(self) -> bool:
        """Whether all paintings were shown."""
        return self.position >= len(self.order)

    def take_guess(self, guess: str, predicted: str, label: str) -> None:
        """Count a guess and the prediction for the same painting; a second guess changes nothing."""
        if self.guess is not None:
            return
        self.guess = guess
        self.guesses += 1
        self.visitor += guess == label
        self.model += predicted == label

    def show_next(self) -> None:
        """Go on to the next painting."""
        self.position += 1
        self.guess = None


def new_game(key: Hashable, paintings: int, seed: int) -> Game:
    """Return a game with the given number of paintings, in the order that the seed gives."""
    return Game(key, np.random.default_rng(seed).permutation(paintings).tolist())
