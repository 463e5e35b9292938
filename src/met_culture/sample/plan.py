"""The works of the sample museum: valid paintings of four cultures, odd ones, and objects to leave out."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from met_culture.sample.brush import Rng, choose
from met_culture.sample.defects import BROKEN, LEFT_OUT, ODD
from met_culture.sample.works import FIRST_ID, Work, new_work

GOOD = {"China": 120, "Japan": 110, "America": 100, "India": 36}
ALBUM_LEAVES = {"China": (6, 4), "Japan": (5,)}
TWICE = {"shared URL": ("China", "America"), "photographed again": ("China", "Japan", "America")}
NUMBERS = 1000  # possible object numbers; more than works, because the museum's numbers have gaps, too

INDIAN = (
    "India (Rajasthan, Mewar)",
    "Western India, Rajasthan, Udaipur",
    "India, Mughal",
    "India (Deccan)",
    "India (Himachal Pradesh, Guler)",
    "India (Punjab Hills, Kangra)",
)
ISLAMIC: dict[str, object] = {"department": "Islamic Art", "culture": "", "country": "India"}
PRIVATE: dict[str, object] = {"isPublicDomain": False}
SCREENS: dict[str, object] = {
    "classification": "Screens",
    "objectName": "Folding screen",
    "medium": "Pair of six-panel folding screens; ink, color, and gold on paper",
}


def plan(seed: int) -> list[Work]:
    """Return all works of the museum of this seed, in ascending order of their numbers."""
    rng = np.random.default_rng([seed])
    numbers = (int(number) for number in FIRST_ID + rng.permutation(NUMBERS))
    works = [work for culture in GOOD for work in good_works(rng, numbers, culture)]
    works = make_odd(rng, works)
    works += left_out(rng, numbers)
    return sorted(works, key=lambda work: work.object_id)


def good_works(rng: Rng, numbers: Iterator[int], culture: str) -> list[Work]:
    """Return the good paintings of a culture: albums, works that occur twice, and single works."""
    works = [leaf for leaves in ALBUM_LEAVES.get(culture, ()) for leaf in album(rng, numbers, culture, leaves)]
    for defect, cultures in TWICE.items():
        if culture in cultures:
            first = new_work(rng, next(numbers), culture, defect=f"original of {defect}", grey=False)
            again = replace(first, object_id=next(numbers), defect=defect)
            works += [first, again]
    works += [new_work(rng, next(numbers), culture) for _ in range(GOOD[culture] - len(works))]
    return [replace(work, fields=spelling(rng, index, culture)) for index, work in enumerate(works)]


def album(rng: Rng, numbers: Iterator[int], culture: str, leaves: int) -> Iterator[Work]:
    """Yield the leaves of one album: one palette, one manner, one shape, a picture each."""
    first = new_work(rng, next(numbers), culture, form="album leaf", aspect=float(rng.uniform(0.8, 1.25)), grey=False)
    if first.subject == "screen":
        first = replace(first, subject="waves")
    for leaf in range(1, leaves + 1):
        number = first.object_id if leaf == 1 else next(numbers)
        yield replace(first, object_id=number, painted_as=number, leaf=leaf, defect="album leaf")


def spelling(rng: Rng, index: int, culture: str) -> dict[str, object]:
    """Return the fields in which the index-th record of a culture differs: Indian regions, Islamic Art."""
    if culture != "India":
        return {}
    return ISLAMIC if index < 4 else {"culture": choose(rng, INDIAN)}


def make_odd(rng: Rng, works: list[Work]) -> list[Work]:
    """Return the good works, some with a defect that a pipeline must handle: odd URLs, old records, screens."""
    plain = [index for index, work in enumerate(works) if not work.defect]
    order = iter(rng.permutation(plain).tolist())
    odd = list(works)
    for defect, count in ODD.items():
        for index in (next(order) for _ in range(count)):
            odd[index] = replace(odd[index], defect=defect)
    folding = [index for index, work in enumerate(odd) if work.culture == "Japan" and work.form == "screen"]
    for index in folding[:2]:
        odd[index] = replace(odd[index], fields=SCREENS)
    return odd


def left_out(rng: Rng, numbers: Iterator[int]) -> list[Work]:
    """Return the objects that the pipeline must leave out, and good paintings without a usable picture."""
    works = []
    for kind in LEFT_OUT:
        for index in range(kind.count):
            fields = {key: values[index % len(values)] for key, values in kind.fields.items()}
            work = new_work(rng, next(numbers), "", choose(rng, kind.schools), defect=kind.name, fields=fields)
            works.append(work)
    for defect, count in BROKEN.items():
        for index in range(count):
            culture = ("China", "Japan", "America")[index % 3]
            work = new_work(rng, next(numbers), "", culture, defect=defect)
            works.append(replace(work, fields=PRIVATE) if defect == "not public" else work)
    return works
