"""One work of the sample museum: its properties, before anything is drawn or written."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from met_culture.sample.brush import Rng
from met_culture.sample.painters import FORMS, MANNERS, SCHOOLS

# No object of the museum has a number this high.
FIRST_ID = 900_000_001

GREY_FRACTION = 0.04  # of the works are photographed in black and white
# How often a subject is painted, relative to all other subjects.
FREQUENCY = {
    "landscape": 3,
    "sea": 1.5,
    "figures": 1.5,
    "garden": 1.5,
    "drawing": 0.4,
    "calligraphy": 0.7,
    "cherry": 0.8,
    "blossoms": 0.8,
}


@dataclass(frozen=True)
class Work:
    """One object of the sample.

    Attributes:
        object_id: Its number; seeds its record and its pictures.
        culture: Its label, or "" for an object that the pipeline must leave out.
        school: Label whose forms, origins and periods it has; equal to `culture` if that is not "".
        manner: Label in whose manner it is painted.
        form: How it is mounted and photographed.
        subject: What it shows, a key of the manner's subjects.
        aspect: Width / height of the painting.
        defect: What is wrong or odd about it, or "".
        painted_as: Number of the work whose painting it shows; that of another work for near-duplicates.
        album: Number of the work whose palette it has; that of the first leaf for leaves of an album.
        leaf: 1, 2, ... in an album, else 0.
        grey: Whether it was photographed in black and white.
        fields: Fields in which its record differs from the records of its culture.
    """

    object_id: int
    culture: str
    school: str
    manner: str
    form: str
    subject: str
    aspect: float
    defect: str = ""
    painted_as: int = 0
    album: int = 0
    leaf: int = 0
    grey: bool = False
    fields: dict[str, object] = field(default_factory=dict)


def new_work(rng: Rng, object_id: int, culture: str, school: str = "", **details: Any) -> Work:  # noqa: ANN401 - attributes of `Work`
    """Return a work of a culture, which may be "", with manner, form, subject and aspect drawn at random."""
    home = school or culture
    manner = str(rng.choice(list(SCHOOLS[home]), p=list(SCHOOLS[home].values())))
    probabilities = np.array([form[1] for form in FORMS[home]])
    chosen = int(rng.choice(len(probabilities), p=probabilities / probabilities.sum()))
    form, _, least, most = FORMS[home][chosen]
    subject = choose_subject(rng, manner, form)
    aspect = float(np.exp(rng.uniform(np.log(least), np.log(most))))
    if subject == "portrait":  # on a tall canvas
        aspect = float(rng.uniform(0.72, 0.86))
    work = Work(object_id, culture, home, manner, form, subject, aspect, painted_as=object_id, album=object_id)
    return replace(replace(work, grey=bool(rng.random() < GREY_FRACTION)), **details)


def choose_subject(rng: Rng, manner: str, form: str) -> str:
    """Return a subject of the manner that suits the form: only screens show gold leaf, and no columns of signs."""
    unfit = "calligraphy" if form == "screen" else "screen"
    if form == "screen" and manner == "Japan" and rng.random() < 0.7:
        return "screen"
    subjects = [subject for subject in MANNERS[manner][1] if subject != unfit]
    weights = np.array([FREQUENCY.get(subject, 1) for subject in subjects])
    return str(rng.choice(subjects, p=weights / weights.sum()))
