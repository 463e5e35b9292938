"""The synthetic sample: same bytes from the same seed, the promised objects, and the promised defects."""

import json
from collections import Counter
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

import pytest
from PIL import Image, UnidentifiedImageError
from support import SAMPLE_SEED as SEED

from met_culture.common.record_keys import COLUMNS
from met_culture.sample.defects import BROKEN, LEFT_OUT, NEWER_KEYS, ODD
from met_culture.sample.draw import draw
from met_culture.sample.plan import GOOD, plan
from met_culture.sample.records import HOST, record
from met_culture.sample.works import Work

UNREADABLE = ("truncated", "web page", "empty file")


@pytest.fixture(scope="session")
def museum(sample: Path) -> Path:
    """Return the museum folder of the sample."""
    return sample


@pytest.fixture(scope="session")
def works() -> list[Work]:
    """Return the plan that the museum follows, in the order of its records."""
    return plan(SEED)


@pytest.fixture(scope="session")
def records(museum: Path) -> list[dict]:
    """Return the records as read from the file."""
    return [json.loads(line) for line in (museum / "records.jsonl").read_text(encoding="utf-8").splitlines()]


def file_of(museum: Path, entry: dict) -> Path:
    """Return where the picture of a record has to lie."""
    return museum / "images" / unquote(entry["primaryImageSmall"].removeprefix(HOST))


def test_same_seed_same_bytes(museum: Path, works: list[Work], records: list[dict]) -> None:
    """Records and pictures follow from the seed alone, whatever the order."""
    assert [record(work, SEED) for work in plan(SEED)] == records
    sound = [(work, entry) for work, entry in zip(works, records, strict=True) if work.culture][::40]
    for work, entry in sound:
        if work.defect != "shared URL":
            assert file_of(museum, entry).read_bytes() == draw(work, SEED)


def test_another_seed_differs(works: list[Work]) -> None:
    """Another seed gives other numbers and other pictures."""
    assert [work.object_id for work in plan(SEED + 1)] != [work.object_id for work in works]
    assert draw(works[0], SEED) != draw(works[0], SEED + 1)


def test_counts(works: list[Work]) -> None:
    """The plan holds the promised paintings and defects."""
    assert Counter(work.culture for work in works if work.culture) == GOOD
    defects = Counter(work.defect for work in works)
    expected = BROKEN | ODD | {kind.name: kind.count for kind in LEFT_OUT}
    assert {defect: defects[defect] for defect in expected} == expected
    assert (defects["album leaf"], defects["shared URL"], defects["photographed again"]) == (15, 2, 3)
    assert 5 <= sum(work.grey for work in works if work.culture) <= 30


def test_records_have_the_keys_of_the_api(works: list[Work], records: list[dict]) -> None:
    """Records have 57 keys in the API's order, old ones 49."""
    for work, entry in zip(works, records, strict=True):
        old = work.defect == "old record"
        assert list(entry) == [key for key in COLUMNS if not old or key not in NEWER_KEYS]
        assert all(isinstance(tag, str if old else dict) for tag in entry["tags"])
    assert (len(COLUMNS), len(COLUMNS) - len(NEWER_KEYS)) == (57, 49)


def test_everything_is_labelled_as_synthetic(records: list[dict]) -> None:
    """No record can be taken for one of the museum's."""
    assert [entry["objectID"] for entry in records] == sorted({entry["objectID"] for entry in records})
    for entry in records:
        assert "(synthetic sample)" in entry["title"]
        assert entry["artistDisplayName"].startswith("Synthetic Painter ")
        assert entry["objectID"] > 900_000_000
        assert (entry["objectURL"], entry["repository"]) == ("", "Synthetic sample")


def test_files_lie_under_the_decoded_path(museum: Path, works: list[Work], records: list[dict]) -> None:
    """The folder holds the pictures of the records and nothing else."""
    expected = set()
    for work, entry in zip(works, records, strict=True):
        if work.defect in ("no image", "not public"):
            assert entry["primaryImageSmall"] == ""
        elif work.defect == "dead link":
            assert not file_of(museum, entry).exists()
        else:
            expected.add(file_of(museum, entry))
    assert {path for path in museum.rglob("*") if path.is_file()} == expected | {museum / "records.jsonl"}


def test_odd_urls(records: list[dict]) -> None:
    """Some URLs hold what careless readers stumble over."""
    urls = "\n".join(entry["primaryImageSmall"] for entry in records)
    assert all(odd in urls for odd in (" ", ",", "\u2013", "(", "%20", "é"))


def test_only_damaged_pictures_do_not_decode(museum: Path, works: list[Work], records: list[dict]) -> None:
    """Pillow decodes every picture but the damaged ones."""
    for work, entry in zip(works, records, strict=True):
        path = file_of(museum, entry) if entry["primaryImageSmall"] else None
        if path is None or not path.exists():
            continue
        if work.defect in UNREADABLE:
            with pytest.raises((UnidentifiedImageError, OSError)):
                Image.open(BytesIO(path.read_bytes())).load()
        else:
            Image.open(BytesIO(path.read_bytes())).load()


def test_sizes(museum: Path, works: list[Work], records: list[dict]) -> None:
    """Pictures are small, never slivers, and very tall or wide at times."""
    sizes = []
    for work, entry in zip(works, records, strict=True):
        if work.culture:
            with Image.open(file_of(museum, entry)) as picture:
                sizes.append(picture.size)
    assert all(min(size) >= 80 and 400 <= max(size) <= 600 for size in sizes)
    assert min(width / height for width, height in sizes) < 0.2
    assert max(width / height for width, height in sizes) > 4


def test_where_paintings_are_found(works: list[Work], records: list[dict]) -> None:
    """Good paintings hide where the museum's do."""
    good = [(work, entry) for work, entry in zip(works, records, strict=True) if work.culture]
    american = [entry for work, entry in good if work.culture == "America"]
    keys = ("department", "classification", "objectName", "culture")
    assert {tuple(entry[key] for key in keys) for entry in american} == {
        ("The American Wing", "", "Painting", "American")
    }
    assert sum(entry["country"] == "India" and entry["department"] == "Islamic Art" for _, entry in good) == 4
    assert sum(entry["classification"] == "Screens" for _, entry in good) == 2
