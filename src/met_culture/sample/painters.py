"""The four manners of painting, and how often each culture uses them."""

import numpy as np

from met_culture.sample import america, china, india, interior, japan
from met_culture.sample.brush import Rng

MANNERS = {
    "China": (china.hand, china.SUBJECTS),
    "Japan": (japan.hand, japan.SUBJECTS),
    "America": (america.hand, america.SUBJECTS | interior.SUBJECTS),
    "India": (india.hand, india.SUBJECTS),
}

# Probability of each manner in a culture: Japanese ink painters studied Chinese scrolls, Chinese and American painters
# took up Japanese boldness, Indian court painters saw European oils. With these numbers the sample is about as hard for
# a small network as the real collection.
SCHOOLS = {
    "China": {"China": 0.96, "Japan": 0.04},
    "Japan": {"Japan": 0.92, "China": 0.08},
    "America": {"America": 0.97, "Japan": 0.02, "China": 0.01},
    "India": {"India": 0.97, "America": 0.03},
}

# Japanese scrolls were more often photographed with mount and surround than Chinese ones.
# (form, probability, least and greatest width / height)
FORMS = {
    "China": (
        ("hanging scroll", 0.28, 0.3, 0.62),
        ("mounted scroll", 0.13, 0.3, 0.62),
        ("hanging scroll", 0.04, 0.167, 0.2),
        ("handscroll", 0.19, 2.2, 6.0),
        ("album leaf", 0.2, 0.75, 1.4),
        ("fan", 0.17, 1.0, 2.2),
    ),
    "Japan": (
        ("hanging scroll", 0.15, 0.3, 0.62),
        ("mounted scroll", 0.32, 0.3, 0.62),
        ("hanging scroll", 0.03, 0.167, 0.2),
        ("screen", 0.25, 1.7, 2.5),
        ("handscroll", 0.11, 2.2, 6.0),
        ("album leaf", 0.08, 0.75, 1.4),
        ("fan", 0.07, 1.0, 2.2),
    ),
    "America": (("canvas", 1.0, 1.15, 1.9),),
    "India": (("folio", 1.0, 0.66, 1.5),),
}


def paint(rng: Rng, palette_rng: Rng, manner: str, subject: str, aspect: float) -> np.ndarray:
    """Return a painting, RGB uint8 (h, w, 3) with a long side of 400 to 470 pixels and width / height `aspect`.

    Leaves of one album get equal states of `palette_rng`, and so the same paper, ink and colours.
    """
    hand, subjects = MANNERS[manner]
    longest = int(rng.integers(400, 470))
    shape = (longest, round(longest * aspect)) if aspect < 1 else (round(longest / aspect), longest)
    return subjects[subject](rng, shape, hand(palette_rng))
