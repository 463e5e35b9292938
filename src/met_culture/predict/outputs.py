"""The answers of predict, written for people (table), for spreadsheets (csv) or for programs (json)."""

import csv
import json
from dataclasses import dataclass
from typing import TextIO

import numpy as np

from met_culture.common.files import escape_formula

FORMS = ("table", "csv", "json")
UNSURE = "unsure"


@dataclass(frozen=True)
class Prediction:
    """What was found out about one picture.

    Attributes:
        name: Of the picture.
        shares: Probability of each label, float (labels,); None if it could not be read.
        arrays: What each model saw, uint8 (size, size, 3).
        error: Why it could not be read.
    """

    name: str
    shares: np.ndarray | None = None
    arrays: tuple[np.ndarray, ...] = ()
    error: str = ""


def _printable(text: str) -> str:
    # A file's name may hold what moves a terminal's cursor, or a line's end.
    return "".join(letter if letter.isprintable() else "?" for letter in text)


class Writer:
    """Writes one line a prediction; a program gets the best label and, apart from it, whether it is unsure."""

    def __init__(self, form: str, labels: tuple[str, ...], top: int | None, threshold: float, out: TextIO) -> None:
        """Write the header, where there is one.

        Args:
            form: One of `FORMS`.
            labels: All labels, in the order of the shares.
            top: How many labels of highest probability are shown; None is all, in their order.
            threshold: Below this probability the answer is unsure.
            out: Where it goes.
        """
        self.form, self.labels, self.top, self.threshold, self.out = form, labels, top, threshold, out
        if form == "csv":
            csv.writer(out).writerow(["image", "label", *(f"p_{label}" for label in labels)])

    def write(self, prediction: Prediction) -> None:
        """Write one line, and see to it that it is seen."""
        shares = dict(zip(self.labels, map(float, prediction.shares), strict=True))
        best = max(shares, key=shares.get)
        unsure = shares[best] < self.threshold
        shown = dict(sorted(shares.items(), key=lambda each: -each[1])[: self.top]) if self.top else shares
        if self.form == "json":
            answer = {"image": prediction.name, "label": best, "unsure": unsure, "probabilities": shown}
            print(json.dumps(answer), file=self.out)
        elif self.form == "csv":
            cells = (f"{shares[label]:.6f}" if label in shown else "" for label in self.labels)
            csv.writer(self.out).writerow([escape_formula(prediction.name), UNSURE if unsure else best, *cells])
        else:
            texts = "  ".join(f"{label} {share:.3f}" for label, share in shown.items())
            print(f"{UNSURE if unsure else best:<10} {texts}  {_printable(prediction.name)}", file=self.out)
        self.out.flush()
