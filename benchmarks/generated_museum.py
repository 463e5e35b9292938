"""A generated museum for the benchmarks: records, pictures and catalogue files with the shape of the real ones.

Nothing in it is a work of the museum. The departments have about their real shares of the collection, and the objects
that the pipeline looks for about theirs of the departments; everything else is only alike in names and size. All
follows from a seed.
"""

import csv
import io
import json
import multiprocessing
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from met_culture.common.record_keys import COLUMNS
from met_culture.fetch.records import NESTED, SCHEMA
from met_culture.museum.behavior import Request, ServerBehavior
from met_culture.museum.server import MuseumServer, running

IMAGES = "https://images.metmuseum.org/CRDImages"
Record = dict[str, Any]
Museum = Callable[[], tuple[dict[int, Record], Callable[[str], bytes | None]]]  # records by id, images by path


class Kind(NamedTuple):
    """Objects of a department that share classification and name."""

    share: float  # of the department
    classification: str
    object_name: str
    medium: str
    public: float  # share that is in the public domain


class Department(NamedTuple):
    """A department: its objects among all, its cultures, and what it holds."""

    objects: int
    code: str  # in the paths of its images
    cultures: tuple[str, ...]
    public: float  # share of `others` that is in the public domain
    kinds: tuple[Kind, ...]
    others: tuple[tuple[str, str, str], ...]  # classification, name, medium


COLOUR, OIL = "Ink and color on silk", "Oil on canvas"
AMERICAN = tuple(
    ("", name, medium)
    for name, medium in (
        ("Side chair", "Mahogany, tulip poplar"),
        ("Bowl", "Blown and engraved glass"),
        ("Teapot", "Silver"),
        ("Drawing", "Graphite on off-white wove paper"),
        ("Table", "Walnut, white pine"),
        ("Goblet", "Pressed glass"),
        ("Spoon", "Silver"),
        ("Vase", "Favrile glass"),
    )
)
ASIAN = ("China", "Japan", "India", "Korea", "Tibet", "Nepal", "Thailand", "Indonesia (Java)", "Cambodia", "Vietnam")
DEPARTMENTS = {
    "The American Wing": Department(
        20_000,
        "ad",
        ("American", "American", "American", "American", "British", ""),
        0.55,
        (
            Kind(0.085, "", "Painting", OIL, 0.79),
            Kind(0.015, "", "Painting, miniature", "Watercolor on ivory", 0.9),
        ),
        AMERICAN,
    ),
    "Ancient Near Eastern Art": Department(
        6_200, "an", ("Sumerian", "Assyrian", "Sasanian"), 0.8, (), (("Stone-Seals", "Cylinder seal", "Hematite"),)
    ),
    "Arms and Armor": Department(
        13_600, "aa", ("German", "Italian", "Japanese"), 0.7, (), (("Swords", "Sword", "Steel, iron, leather"),)
    ),
    "Arts of Africa, Oceania, and the Americas": Department(
        12_400, "ao", ("Moche", "Asmat people", "Edo peoples"), 0.5, (), (("Ceramics-Containers", "Jar", "Ceramic"),)
    ),
    "Asian Art": Department(
        37_000,
        "as",
        ASIAN,
        0.75,
        (
            Kind(0.115, "Paintings", "Hanging scroll", COLOUR, 0.73),
            Kind(0.009, "Screens", "Folding screen", "Ink, color, and gold leaf on paper", 0.75),
        ),
        (
            ("Prints", "Print", "Woodblock print; ink and color on paper"),
            ("Ceramics", "Dish", "Porcelain painted in underglaze cobalt blue"),
            ("Textiles-Woven", "Piece", "Silk, metallic thread"),
            ("Sculpture", "Figure", "Gilt bronze"),
            ("Jade", "Pendant", "Jade (nephrite)"),
        ),
    ),
    "The Cloisters": Department(
        2_340, "cl", ("French", "German", "South Netherlandish"), 0.85, (), (("Sculpture-Stone", "Capital", "Stone"),)
    ),
    "Costume Institute": Department(31_600, "ci", ("American", "French"), 0.05, (), (("", "Dress", "Silk, cotton"),)),
    "Drawings and Prints": Department(
        172_600, "dp", ("",), 0.4, (), (("Prints", "Print", "Etching"), ("Drawings", "Drawing", "Pen and brown ink"))
    ),
    "Egyptian Art": Department(27_900, "eg", ("",), 0.5, (), (("", "Scarab", "Glazed steatite"),)),
    "European Paintings": Department(
        2_700, "ep", ("",), 0.7, (Kind(0.95, "Paintings", "Painting", OIL, 0.78),), (("Drawings", "Drawing", "Chalk"),)
    ),
    "European Sculpture and Decorative Arts": Department(
        43_000,
        "es",
        ("French", "Italian", "British, Chelsea"),
        0.6,
        (),
        (("Ceramics-Porcelain", "Figure", "Porcelain"),),
    ),
    "Greek and Roman Art": Department(
        33_700, "gr", ("Greek, Attic", "Roman", "Cypriot"), 0.45, (), (("Vases", "Fragment", "Terracotta"),)
    ),
    "Islamic Art": Department(
        15_500,
        "is",
        ("", "", "", "Islamic"),
        0.6,
        (
            Kind(0.06, "Codices", "Folio from an illustrated manuscript", "Ink, opaque watercolor, gold on paper", 0.8),
            Kind(0.01, "Paintings", "Painting", "Ink, opaque watercolor, and gold on paper", 0.8),
        ),
        (("Ceramics", "Bowl", "Stonepaste; polychrome painted"), ("Textiles", "Fragment", "Silk")),
    ),
    "Robert Lehman Collection": Department(
        2_600,
        "rl",
        ("Italian, Venice",),
        0.75,
        (Kind(0.13, "Paintings", "Painting", OIL, 0.9),),
        (("Glass", "Bowl", "Glass"),),
    ),
    "The Libraries": Department(540, "li", ("",), 0.3, (), (("", "Book", ""),)),
    "Medieval Art": Department(
        7_500, "md", ("Byzantine", "French", "Frankish"), 0.7, (), (("Metalwork-Bronze", "Buckle", "Copper alloy"),)
    ),
    "Musical Instruments": Department(
        5_200, "mi", ("Japanese", "American"), 0.5, (), (("Idiophone", "Bell", "Bronze"),)
    ),
    "Photographs": Department(38_000, "ph", ("",), 0.2, (), (("Photographs", "Photograph", "Gelatin silver print"),)),
    "Modern and Contemporary Art": Department(14_500, "ma", ("",), 0.02, (), (("Paintings", "Painting", OIL),)),
}
# A table of text reads better than quoted words.
WORDS = """Landscape Portrait River Autumn Two Ladies Garden Mountain Study Head Young Woman Saint John Lotus Birds Moon
    Winter Evening Scholar Temple Bridge Horse Rider Courtyard Poem Flowers Seated Figure Standing View Village Bamboo
    Fragment Ornament Border Vessel Design Costume Banquet Harbor Ruins Night Procession Emperor Musician Crane Pine
    """.split()  # noqa: SIM905
NAMES = "Anna Ogata Wang Robert Mary Samuel Li Shen Johann Giovanni Pierre Thomas Utagawa Henry".split()  # noqa: SIM905
FAMILIES = "Korin Hui Smith Colman Zhou Hokusai Tiepolo Müller Dubois Sargent Cole Gérôme".split()  # noqa: SIM905


def _title(rng: random.Random) -> str:
    first, second, *more = rng.choices(WORDS, k=rng.choice((2, 3, 5, 7, 9, 12)))
    return f"{first} {second}, with {' '.join(more)}" if more else f"{first} of the {second}"


def _maker(rng: random.Random) -> Record:
    """Return what a record says of who made it."""
    name, born = f"{rng.choice(NAMES)} {rng.choice(FAMILIES)}", rng.randrange(1300, 1880)
    number = rng.randrange(10**6)
    links = {
        "artistWikidata_URL": f"https://www.wikidata.org/wiki/Q{number}",
        "artistULAN_URL": f"http://vocab.getty.edu/page/ulan/{number}",
    }
    constituent = {
        "constituentID": number,
        "role": "Artist",
        "name": name,
        "constituentULAN_URL": links["artistULAN_URL"],
        "constituentWikidata_URL": links["artistWikidata_URL"],
        "gender": "",
    }
    return links | {
        "constituents": [constituent],
        "artistRole": "Artist",
        "artistDisplayName": name,
        "artistDisplayBio": f"born {born}, active there until {born + 60}",
        "artistAlphaSort": ", ".join(reversed(name.split())),
        "artistBeginDate": str(born),
        "artistEndDate": str(born + 60),
    }


def _images(rng: random.Random, code: str, object_id: int) -> Record:
    """Return the image URLs, each its own."""

    def url(size: str, number: int) -> str:
        return f"{IMAGES}/{code}/{size}/DP-{object_id}-{number:03}.jpg"

    more = rng.choice((0, 0, 0, 1, 2, 4, 8))
    return {
        "primaryImage": url("original", 1),
        "primaryImageSmall": url("web-large", 1),
        "additionalImages": [url("original", number) for number in range(2, 2 + more)],
    }


def _tags(rng: random.Random) -> list[Record] | None:
    terms = rng.sample(WORDS, rng.choice((0, 1, 2, 3)))
    return [
        {
            "term": term,
            "AAT_URL": f"http://vocab.getty.edu/page/aat/3001{len(term):05}",
            "Wikidata_URL": f"https://www.wikidata.org/wiki/Q{len(term)}",
        }
        for term in terms
    ] or None


def _kind(rng: random.Random, department: Department) -> Kind:
    drawn = rng.random()
    for kind in department.kinds:
        drawn -= kind.share
        if drawn < 0:
            return kind
    return Kind(0, *rng.choice(department.others), department.public)


def _record(rng: random.Random, object_id: int, name: str) -> Record:
    department = DEPARTMENTS[name]
    kind, giver = _kind(rng, department), f"{rng.choice(NAMES)} {rng.choice(FAMILIES)}"
    made, size = rng.randrange(1200, 1930), rng.randrange(100, 2000) / 10
    given, public = rng.randrange(1880, 2020), rng.random() < kind.public
    return (
        dict.fromkeys(COLUMNS, "")
        | {
            "objectID": object_id,
            "isHighlight": rng.random() < 0.005,
            "accessionNumber": f"{given % 100}.{rng.randrange(400)}.{rng.randrange(90)}",
            "accessionYear": str(given),
            "isPublicDomain": public,
            "additionalImages": [],
            "constituents": None,
            "department": name,
            "objectName": kind.object_name,
            "title": _title(rng),
            "culture": rng.choice(department.cultures),
            "period": rng.choice(("", "", "Qing dynasty (1644–1911)", "Edo period (1615–1868)")),
            "objectDate": f"ca. {made}–{made + 20}",
            "objectBeginDate": made,
            "objectEndDate": made + 20,
            "medium": kind.medium,
            "measurements": [{"elementName": "Overall", "elementMeasurements": {"Height": size, "Width": size + 10}}],
            "dimensions": f"{size / 2.54:.1f} x {(size + 10) / 2.54:.1f} in. ({size} x {size + 10} cm)",
            "creditLine": f"Gift of {giver}, in memory of {rng.choice(NAMES)}, {given}",
            "country": rng.choice(("", "", "Iran", "India", "Turkey")) if name == "Islamic Art" else "",
            "classification": kind.classification,
            "linkResource": "",
            "metadataDate": f"20{rng.randrange(20, 26)}-0{rng.randrange(1, 10)}-1{rng.randrange(10)}T04:54:00.000Z",
            "repository": "Metropolitan Museum of Art, New York, NY",
            "objectURL": f"https://www.metmuseum.org/art/collection/search/{object_id}",
            "tags": _tags(rng),
            "objectWikidata_URL": f"https://www.wikidata.org/wiki/Q{object_id}",
            "isTimelineWork": rng.random() < 0.02,
        }
        | (_maker(rng) if rng.random() < 0.6 else {})
        | (_images(rng, department.code, object_id) if public else {})
    )


def generate(objects: int, seed: int = 0) -> Iterator[Record]:
    """Yield records by ascending objectID, with gaps between the ids as at the museum."""
    rng = random.Random(seed)  # noqa: S311 - drawn for a benchmark
    names, weights = list(DEPARTMENTS), [department.objects for department in DEPARTMENTS.values()]
    for number, name in enumerate(rng.choices(names, weights, k=objects), start=1):
        yield _record(rng, 2 * number - rng.randrange(2), name)


def picture(number: int, width: int = 600, height: int = 450, quality: int = 90) -> bytes:
    """Return a JPEG with as much detail as a photographed painting: some 100 kB at the default size."""
    rng, pixels = np.random.default_rng(number), np.full((height, width, 3), 128.0)
    for cells, contrast in ((6, 90), (40, 40), (150, 35)):
        noise = rng.normal(0, contrast, (3, cells, cells)).astype(np.float32)
        pixels += np.stack(
            [Image.fromarray(each).resize((width, height), Image.Resampling.BICUBIC) for each in noise], -1
        )
    encoded = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(encoded, "JPEG", quality=quality)
    return encoded.getvalue()


# MetObjects.csv's columns in its order, and the API's key of each; None where the API has none.
CSV_COLUMNS = {
    "Object Number": "accessionNumber",
    "Is Highlight": "isHighlight",
    "Is Timeline Work": "isTimelineWork",
    "Is Public Domain": "isPublicDomain",
    "Object ID": "objectID",
    "Gallery Number": "GalleryNumber",
    "Department": "department",
    "AccessionYear": "accessionYear",
    "Object Name": "objectName",
    "Title": "title",
    "Culture": "culture",
    "Period": "period",
    "Dynasty": "dynasty",
    "Reign": "reign",
    "Portfolio": "portfolio",
    "Constituent ID": None,
    "Artist Role": "artistRole",
    "Artist Prefix": "artistPrefix",
    "Artist Display Name": "artistDisplayName",
    "Artist Display Bio": "artistDisplayBio",
    "Artist Suffix": "artistSuffix",
    "Artist Alpha Sort": "artistAlphaSort",
    "Artist Nationality": "artistNationality",
    "Artist Begin Date": "artistBeginDate",
    "Artist End Date": "artistEndDate",
    "Artist Gender": "artistGender",
    "Artist ULAN URL": "artistULAN_URL",
    "Artist Wikidata URL": "artistWikidata_URL",
    "Object Date": "objectDate",
    "Object Begin Date": "objectBeginDate",
    "Object End Date": "objectEndDate",
    "Medium": "medium",
    "Dimensions": "dimensions",
    "Credit Line": "creditLine",
    "Geography Type": "geographyType",
    "City": "city",
    "State": "state",
    "County": "county",
    "Country": "country",
    "Region": "region",
    "Subregion": "subregion",
    "Locale": "locale",
    "Locus": "locus",
    "Excavation": "excavation",
    "River": "river",
    "Classification": "classification",
    "Rights and Reproduction": "rightsAndReproduction",
    "Link Resource": "objectURL",
    "Object Wikidata URL": "objectWikidata_URL",
    "Metadata Date": None,
    "Repository": "repository",
    "Tags": None,
    "Tags AAT URL": None,
    "Tags Wikidata URL": None,
}
TAGS = {"Tags": "term", "Tags AAT URL": "AAT_URL", "Tags Wikidata URL": "Wikidata_URL"}


def write_csv(records: Iterable[Record], file: Path) -> None:
    """Write records as the museum's MetObjects.csv has them."""
    with file.open("w", encoding="utf-8-sig", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(CSV_COLUMNS)
        for record in records:
            row = [record[key] if key else "" for key in CSV_COLUMNS.values()]
            tags = {name: "|".join(tag[key] for tag in record["tags"] or ()) for name, key in TAGS.items()}
            writer.writerow([tags.get(name, value) for name, value in zip(CSV_COLUMNS, row, strict=True)])


def write_parquet(records: Iterable[Record], file: Path) -> None:
    """Write whole records as a dump, lists as JSON text."""
    schema, rows = pa.schema([SCHEMA.field(name) for name in COLUMNS]), iter(records)
    with pq.ParquetWriter(file, schema, compression="zstd") as table:
        while chunk := [
            record | {key: json.dumps(record[key], ensure_ascii=False) for key in NESTED}
            for record in islice(rows, 5000)
        ]:
            table.write_table(pa.Table.from_pylist(chunk, schema=schema))


def with_images(objects: int, seed: int = 0) -> Iterator[Record]:
    """Yield so many records that name an image."""
    endless = generate(4 * objects + 100, seed)
    return islice((record for record in endless if record["primaryImageSmall"]), objects)


def image_path(record: Record) -> str:
    """Return the path at which a server has a record's image."""
    return "/images/" + record["primaryImageSmall"].replace("://", "/")


class Served:
    """A server in a process of its own, so that it takes no time from its clients."""

    def __init__(self, pipe: Connection) -> None:
        """Wait until it answers; a large museum takes a minute to generate."""
        self._pipe = pipe
        self.url: str = pipe.recv()

    def log(self) -> list[Request]:
        """Return the requests since the last call."""
        self._pipe.send("log")
        return self._pipe.recv()


def _serve(pipe: Connection, museum: Museum, behavior: dict[str, Any]) -> None:
    records, read_image = museum()
    rules = ServerBehavior(**behavior)
    with running(MuseumServer(records, read_image, behavior=rules)) as url:
        pipe.send(url)
        while pipe.recv() == "log":
            pipe.send(rules.requests)
            rules.requests.clear()


@contextmanager
def serving_apart(museum: Museum, **behavior: Any) -> Iterator[Served]:  # noqa: ANN401 - the attributes of `ServerBehavior`
    """Serve the records and images that `museum` returns, which is called in the new process."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, museum, behavior), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Served(ours)
    finally:
        process.terminate()
        process.join()
