"""The list of works in the sample museum: what each one is, before anything is drawn or written."""

from dataclasses import dataclass, field, replace

import numpy as np

from met_culture.sample.brush import Rng
from met_culture.sample.painters import FORMS, MANNERS, SCHOOLS

# No object of the museum has a number this high.
FIRST_ID = 900_000_001

GREY_SHARE = 0.04
TALL_CANVAS = ("portrait",)
# How often a subject is painted, where not as often as the others.
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
        object_id: its number; records and generators of random numbers follow from it.
        culture: whose painting it is: a class name, or "" for an object that has to be left out.
        school: the class whose forms, places and periods it has; the culture where there is one.
        manner: whose manner it is painted in.
        form: how it is mounted and photographed.
        subject: what it shows, a key of the manner's subjects.
        aspect: width / height of the painting.
        wart: what is wrong or odd about it, "" for nothing.
        painted_as: the work whose picture it shows (another one's for near-duplicates).
        album: the work whose palette it shares (its own, or that of the album's first leaf).
        leaf: 1, 2, ... in an album, else 0.
        grey: whether it was photographed in black and white.
        fields: what its record says otherwise than records of its culture do.
    """

    object_id: int
    culture: str
    school: str
    manner: str
    form: str
    subject: str
    aspect: float
    wart: str = ""
    painted_as: int = 0
    album: int = 0
    leaf: int = 0
    grey: bool = False
    fields: dict[str, object] = field(default_factory=dict)


def new_work(rng: Rng, object_id: int, culture: str, school: str = "", **details: object) -> Work:
    """Return a work of a culture, "" included, with manner, form, subject and shape drawn at random."""
    home = school or culture
    manner = str(rng.choice(list(SCHOOLS[home]), p=list(SCHOOLS[home].values())))
    shares = np.array([form[1] for form in FORMS[home]])
    form, _, least, most = FORMS[home][int(rng.choice(len(shares), p=shares / shares.sum()))]
    subject = choose_subject(rng, manner, form)
    aspect = float(np.exp(rng.uniform(np.log(least), np.log(most))))
    if subject in TALL_CANVAS:
        aspect = float(rng.uniform(0.72, 0.86))
    work = Work(object_id, culture, home, manner, form, subject, aspect, painted_as=object_id, album=object_id)
    return replace(replace(work, grey=bool(rng.random() < GREY_SHARE)), **details)


def choose_subject(rng: Rng, manner: str, form: str) -> str:
    """Return a subject of the manner that suits the form: gold leaf belongs on screens, columns of signs do not."""
    unfit = "calligraphy" if form == "screen" else "screen"
    if form == "screen" and manner == "Japan" and rng.random() < 0.7:
        return "screen"
    subjects = [subject for subject in MANNERS[manner][1] if subject != unfit]
    weights = np.array([FREQUENCY.get(subject, 1) for subject in subjects])
    return str(rng.choice(subjects, p=weights / weights.sum()))
