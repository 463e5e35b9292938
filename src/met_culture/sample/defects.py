"""The defects of a real museum: objects to leave out, odd URLs, files that are not pictures, old records."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from met_culture.sample.works import Work

WEST, EAST = ("America",), ("China", "Japan")
EUROPEAN = {"department": ("European Paintings",), "classification": ("Paintings",), "culture": ("",)}
ASIAN = {"department": ("Asian Art",), "classification": ("Paintings",), "objectName": ("Painting",)}
AMERICAN = {"department": ("The American Wing",), "classification": ("",), "culture": ("American",)}
PRINTS = {"department": ("Drawings and Prints",), "culture": ("",), "classification": ("Prints",)}
PRINTS |= {"objectName": ("Print",), "medium": ("Etching",)}


@dataclass(frozen=True)
class Kind:
    """Objects to leave out: their number, their manners, and the values that their records use in turn."""

    name: str
    count: int
    schools: tuple[str, ...]
    fields: Mapping[str, tuple[object, ...]]


LEFT_OUT = (
    Kind("European painting", 18, WEST, EUROPEAN | {"artistNationality": ("French", "Italian", "Dutch")}),
    Kind("Korean painting", 4, EAST, ASIAN | {"culture": ("Korea",)}),
    Kind("Himalayan painting", 6, ("India",), ASIAN | {"culture": ("Tibet", "Nepal (Kathmandu Valley)")}),
    Kind(
        "Iranian painting",
        2,
        ("India",),
        ASIAN | {"department": ("Islamic Art",), "culture": ("",), "country": ("Iran",)},
    ),
    Kind("American drawing", 14, WEST, AMERICAN | {"objectName": ("Drawing",), "medium": ("Graphite on paper",)}),
    Kind("miniature", 4, WEST, AMERICAN | {"objectName": ("Painting, miniature",), "medium": ("Watercolor on ivory",)}),
    Kind("Western print", 4, WEST, PRINTS),
    Kind(
        "Japanese print",
        4,
        ("Japan",),
        ASIAN | {"culture": ("Japan",), "classification": ("Prints",), "objectName": ("Print",)},
    ),
    Kind("ceramic", 6, EAST, ASIAN | {"culture": EAST, "classification": ("Ceramics",), "objectName": ("Dish",)}),
    Kind(
        "Asian doubt",
        6,
        EAST,
        ASIAN | {"culture": ("Chinese, for American market", "China or Japan (?)", "Thailand or India")},
    ),
    Kind(
        "American doubt",
        8,
        WEST,
        AMERICAN
        | {
            "culture": (
                "Native American (Sioux)",
                "British (American market)",
                "American or British",
                "probably British",
            )
        },
    ),
)

# Records from before 2020 lack these eight keys.
NEWER_KEYS = (
    "constituents",
    "measurements",
    "artistGender",
    "artistWikidata_URL",
    "artistULAN_URL",
    "objectWikidata_URL",
    "isTimelineWork",
    "GalleryNumber",
)

# Good paintings without a usable picture.
BROKEN = {"no image": 6, "not public": 8, "dead link": 8, "truncated": 4, "web page": 3, "empty file": 1}

# Good paintings with a defect that the pipeline must handle.
ODD = {
    "URL with space": 2,
    "URL with comma": 2,
    "URL with en-dash": 2,
    "URL with parentheses": 2,
    "URL percent-encoded": 2,
    "URL with accent": 2,
    "old record": 6,
}

NAMES = {
    "URL with space": "LC {} 01",
    "URL with comma": "DT{},2",
    "URL with en-dash": "{}a\u2013f",
    "URL with parentheses": "DP{} (front)",
    "URL percent-encoded": "DP%20{}",
    "URL with accent": "Détail{}",
}

WEB_PAGE = (
    b"<!DOCTYPE html><html><head><title>Request unsuccessful</title></head><body>Try again later.</body></html>\n"
)


def file_name(work: Work) -> str:
    """Return the file name in the URL of a work's picture; some defects make it odd."""
    number = work.painted_as if work.defect == "shared URL" else work.object_id
    return NAMES.get(work.defect, "DP{}").format(number) + ".jpg"


def has_url(work: Work) -> bool:
    """Return whether the record of a work links to a picture."""
    return work.defect not in ("no image", "not public")


def has_file(work: Work) -> bool:
    """Return whether a work has a file of its own in the museum folder."""
    return has_url(work) and work.defect not in ("dead link", "shared URL")


def damage(work: Work, jpeg: bytes) -> bytes:
    """Return the content of the work's file: the picture, a part of it, a web page, or nothing."""
    damaged = {"truncated": jpeg[: len(jpeg) * 2 // 5], "web page": WEB_PAGE, "empty file": b""}
    return damaged.get(work.defect, jpeg)


def outdate(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record as the API served it before 2020: 49 keys, tags as plain strings."""
    old = {key: value for key, value in record.items() if key not in NEWER_KEYS}
    return old | {"tags": [tag["term"] for tag in record["tags"]]}
