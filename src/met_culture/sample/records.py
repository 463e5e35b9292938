"""The object records of the sample, with the 57 keys of the museum's Collection API."""

import numpy as np

from met_culture.common.record_keys import COLUMNS
from met_culture.sample import defects, wording
from met_culture.sample.brush import Rng, choose
from met_culture.sample.works import FIRST_ID, Work

LABEL = "(synthetic sample)"
WORDS = 4  # the picture's random generators have the numbers 0 to 3
HOST = "https://images.metmuseum.org/"


def record(work: Work, seed: int) -> dict[str, object]:
    """Return the record of a work, labelled as synthetic; old records have 49 keys."""
    # The words follow from the painting, so that two photographs of it differ only in their numbers.
    rng = np.random.default_rng([seed, work.album, WORDS])
    full: dict[str, object] = dict.fromkeys(COLUMNS, "")
    full |= fixed(work) | numbers(work) | description(rng, work) | origin(work) | work.fields | image_urls(work)
    return defects.outdate(full) if work.defect == "old record" else full


def fixed(work: Work) -> dict[str, object]:
    """Return what all records of the sample have in common."""
    return {
        "isHighlight": False,
        "isPublicDomain": True,
        "additionalImages": [],
        "constituents": None,
        "measurements": None,
        "creditLine": "Synthetic sample, drawn by met_culture",
        "metadataDate": "2025-01-01T00:00:00.000Z",
        "repository": "Synthetic sample",
        "isTimelineWork": False,
        "tags": [{"term": wording.TAGS.get(work.subject, "Flowers"), "AAT_URL": "", "Wikidata_URL": ""}],
    }


def numbers(work: Work) -> dict[str, object]:
    """Return object and accession number; the leaves of an album differ in the last letter only."""
    entry = work.album - FIRST_ID + 1 if work.leaf else work.object_id - FIRST_ID + 1
    year = 1920 + entry % 100
    part = "7" + "abcdefgh"[work.leaf - 1] if work.leaf else "1"
    return {"objectID": work.object_id, "accessionNumber": f"{year}.{entry}.{part}", "accessionYear": str(year)}


def description(rng: Rng, work: Work) -> dict[str, object]:
    """Return title, artist, dates, material and size."""
    period, first, last = choose(rng, wording.PERIODS[work.school])
    begin = int(rng.integers(first, last - 20))
    title = choose(rng, wording.TITLES[work.subject]).format(choose(rng, wording.MOODS))
    object_name, medium = wording.OBJECTS[work.form]
    artist = f"Synthetic Painter {rng.integers(1, 60)}"
    return {
        "title": f"Leaf {work.leaf} from an album of {title} {LABEL}" if work.leaf else f"{title} {LABEL}",
        "artistRole": "Artist",
        "artistDisplayName": artist,
        "artistAlphaSort": artist,
        "constituents": [{"role": "Artist", "name": artist}],
        "period": period,
        "objectDate": f"ca. {begin}",
        "objectBeginDate": begin - 5,
        "objectEndDate": begin + 5,
        "objectName": object_name,
        "medium": medium,
        "dimensions": dimensions(rng, work),
    }


def dimensions(rng: Rng, work: Work) -> str:
    """Return height and width in the museum's wording, in the proportions of the painting."""
    longest = rng.uniform(25, 60) if work.form in ("folio", "album leaf", "fan") else rng.uniform(70, 190)
    height, width = (longest, longest * work.aspect) if work.aspect < 1 else (longest / work.aspect, longest)
    return f"{height / 2.54:.1f} x {width / 2.54:.1f} in. ({height:.1f} x {width:.1f} cm)"


def origin(work: Work) -> dict[str, object]:
    """Return department, classification and culture as the museum writes them for a work of this school."""
    department, _, classification, culture, nationality = wording.ORIGINS[work.school]
    return {
        "department": department,
        "classification": classification,
        "culture": culture,
        "artistNationality": nationality,
    }


def image_path(work: Work) -> str:
    """Return the path in the URL of a work's picture, as the record spells it."""
    return f"CRDImages/{wording.ORIGINS[work.school][1]}/web-large/{defects.file_name(work)}"


def image_urls(work: Work) -> dict[str, object]:
    """Return the links to the picture; both are empty if there is none."""
    if not defects.has_url(work):
        return {"primaryImage": "", "primaryImageSmall": ""}
    small = HOST + image_path(work)
    return {"primaryImage": small.replace("/web-large/", "/original/"), "primaryImageSmall": small}
