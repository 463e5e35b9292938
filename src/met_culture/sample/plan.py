"""Which works the sample museum holds: the good paintings of four cultures, and everything that is odd or wrong."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from met_culture.sample.brush import Rng, choose
from met_culture.sample.defects import BROKEN, CLEVER, LEFT_OUT
from met_culture.sample.works import FIRST_ID, Work, new_work

GOOD = {"China": 120, "Japan": 110, "America": 100, "India": 36}
ALBUM_LEAVES = {"China": (6, 4), "Japan": (5,)}
TWICE = {"shared URL": ("China", "America"), "photographed again": ("China", "Japan", "America")}
# Numbers are drawn from a wider range than there are works: the museum's numbers have gaps, too.
NUMBERS = 1000

INDIAN = ("India (Rajasthan, Mewar)", "Western India, Rajasthan, Udaipur", "India, Mughal", "India (Deccan)")
INDIAN += ("India (Himachal Pradesh, Guler)", "India (Punjab Hills, Kangra)")
ISLAMIC = {"department": "Islamic Art", "culture": "", "country": "India"}
SCREENS = {
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
    for wart, cultures in TWICE.items():
        if culture in cultures:
            first = new_work(rng, next(numbers), culture, wart=f"original of {wart}", grey=False)
            again = replace(first, object_id=next(numbers), wart=wart)
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
        yield replace(first, object_id=number, painted_as=number, leaf=leaf, wart="album leaf")


def spelling(rng: Rng, index: int, culture: str) -> dict[str, object]:
    """Return what the index-th record of a culture says in its own way: Indian regions, Islamic Art."""
    if culture != "India":
        return {}
    return ISLAMIC if index < 4 else {"culture": choose(rng, INDIAN)}


def make_odd(rng: Rng, works: list[Work]) -> list[Work]:
    """Return the good works, some with a wart that a pipeline must survive: odd URLs, old records, screens."""
    plain = [index for index, work in enumerate(works) if not work.wart]
    order = iter(rng.permutation(plain).tolist())
    odd = list(works)
    for wart, count in CLEVER.items():
        for index in (next(order) for _ in range(count)):
            odd[index] = replace(odd[index], wart=wart)
    folding = [index for index, work in enumerate(odd) if work.culture == "Japan" and work.form == "screen"]
    for index in folding[:2]:
        odd[index] = replace(odd[index], fields=SCREENS)
    return odd


def left_out(rng: Rng, numbers: Iterator[int]) -> list[Work]:
    """Return the objects that no data set of four cultures may hold, and good paintings without a usable picture."""
    works = []
    for kind in LEFT_OUT:
        for index in range(kind.count):
            fields = {key: values[index % len(values)] for key, values in kind.fields.items()}
            work = new_work(rng, next(numbers), "", choose(rng, kind.schools), wart=kind.name, fields=fields)
            works.append(work)
    for wart, count in BROKEN.items():
        for index in range(count):
            culture = ("China", "Japan", "America")[index % 3]
            fields = {"isPublicDomain": False} if wart == "not public" else {}
            works.append(new_work(rng, next(numbers), "", culture, wart=wart, fields=fields))
    return works
