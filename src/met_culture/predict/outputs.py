"""Write predictions for people (table), spreadsheets (csv) or programs (json)."""

import csv
import json
from dataclasses import dataclass
from typing import TextIO

import numpy as np

from met_culture.common.files import escape_formula
from met_culture.common.terminal import print_line, printable

FORMATS = ("table", "csv", "json")
UNSURE = "unsure"


@dataclass(frozen=True)
class Prediction:
    """The prediction of one image.

    Attributes:
        name: Name of the image.
        probabilities: Probability of each label, float (labels,).
        arrays: The input of each model, uint8 (size, size, 3).
    """

    name: str
    probabilities: np.ndarray
    arrays: tuple[np.ndarray, ...] = ()


@dataclass(frozen=True)
class Failure:
    """An image that could not be read, and the reason."""

    name: str
    error: str


class Writer:
    """Writes one line per prediction; JSON has the label and, separately, whether the prediction is unsure."""

    def __init__(self, form: str, labels: tuple[str, ...], top: int | None, threshold: float, out: TextIO) -> None:
        """Write the header, if the format has one.

        Args:
            form: One of `FORMATS`.
            labels: All labels, in the order of the probabilities.
            top: Number of labels to show, highest probability first; None shows all, in their order.
            threshold: Below this probability a prediction is unsure.
            out: Stream to write to.
        """
        self.form, self.labels, self.top, self.threshold, self.out = form, labels, top, threshold, out
        if form == "csv":
            self._write_cells("image", "label", *(f"p_{label}" for label in labels))

    def write(self, prediction: Prediction) -> None:
        """Write one line and flush it."""
        probabilities = dict(zip(self.labels, map(float, prediction.probabilities), strict=True))
        ranking = sorted(self.labels, key=lambda label: -probabilities[label])
        best = ranking[0]
        unsure = probabilities[best] < self.threshold
        shown = {label: probabilities[label] for label in (ranking[: self.top] if self.top else self.labels)}
        if self.form == "json":
            self._write_json(prediction.name, best, unsure, shown)
        elif self.form == "csv":
            self._write_csv(prediction.name, UNSURE if unsure else best, shown)
        else:
            self._write_table(prediction.name, UNSURE if unsure else best, shown)
        self.out.flush()

    def _write_json(self, name: str, label: str, unsure: bool, probabilities: dict[str, float]) -> None:
        content = {"image": name, "label": label, "unsure": unsure, "probabilities": probabilities}
        # JSON is ASCII here, and its only control character is one that json does not escape.
        print(json.dumps(content, allow_nan=False).replace("\x7f", "\\u007f"), file=self.out)

    def _write_csv(self, name: str, label: str, probabilities: dict[str, float]) -> None:
        cells = [f"{probabilities[label]:.6f}" if label in probabilities else "" for label in self.labels]
        self._write_cells(name, label, *cells)

    def _write_cells(self, *cells: str) -> None:
        csv.writer(self.out).writerow([escape_formula(printable(cell)) for cell in cells])

    def _write_table(self, name: str, label: str, probabilities: dict[str, float]) -> None:
        texts = [f"{label} {probability:.3f}" for label, probability in probabilities.items()]
        print_line(f"{label:<10} {'  '.join(texts)}  {name}", self.out)
