import time
from dataclasses import replace

import pandas as pd
import pytest
from support import ROOT, record

from met_culture.clean.labels import apply_rules
from met_culture.clean.params import CleanParams, LabelRule
from met_culture.common.config import load

PARAMS = load("clean", CleanParams, ROOT / "params.yaml")


def judge(**fields: object) -> tuple[str | None, str | None]:
    row = record(1) | {"status": "ok", "reason": ""} | fields
    result = apply_rules(pd.DataFrame([row]), PARAMS).iloc[0]
    return result["label"], result["kind"]


AMERICAN_WING = {"department": "The American Wing", "classification": "", "culture": "American"}


@pytest.mark.parametrize(
    ("culture", "label"),
    [
        ("China", "China"),
        ("Japan", "Japan"),
        ("American", "America"),
        ("India (Rajasthan, Mewar)", "India"),
        ("Western India, Rajasthan, Udaipur", "India"),
        ("India, Mughal", "India"),
        ("India, (Gujarat, Jaunpur)", "India"),
        ("India", "India"),
        ("India, Rajasthan", "India"),
        ("Rajasthan, India", "India"),
        ("India (Bengal, Chinsurah)", "India"),
        ("Southern India, Deccan, Golconda", "India"),
    ],
)
def test_cultures(culture: str, label: str) -> None:
    assert judge(culture=culture) == (label, None)


@pytest.mark.parametrize(
    ("culture", "kind"),
    [
        ("Chinese, for American market", "doubtful"),
        ("China or Japan (?)", "doubtful"),
        ("British (American market)", "doubtful"),
        ("American or British", "doubtful"),
        ("Thailand or India", "doubtful"),
        ("probably British", "doubtful"),
        ("India/Pakistan", "doubtful"),
        ("Nepal, India", "doubtful"),
        ("India, Nepal", "doubtful"),
        ("India,\nNepal", "doubtful"),
        ("Nepalese, India", "doubtful"),
        ("India and Pakistan", "doubtful"),
        ("India & Pakistan", "doubtful"),
        ("India; Persia", "doubtful"),
        ("India|Iran", "doubtful"),
        ("India (now Pakistan)", "doubtful"),
        ("Tibetan, northern India", "doubtful"),
        ("China/Japan", "doubtful"),
        ("China, Japan", "other_label"),
        ("American/British", "doubtful"),
        ("Native American (Sioux)", "doubtful"),
        ("Tibet", "other_label"),
        ("Nepal (Kathmandu Valley)", "other_label"),
        ("Indian", "other_label"),
        ("Indiana", "other_label"),
        ("South American", "other_label"),
        ("Korea", "other_label"),
        ("", "no_target"),
    ],
)
def test_other_cultures_hybrids_and_doubts_are_left_out(culture: str, kind: str) -> None:
    assert judge(culture=culture) == (None, kind)


def test_the_american_wing_is_found_through_object_name() -> None:
    assert judge(**AMERICAN_WING, objectName="Painting") == ("America", None)
    for name in ("Drawing", "Painting, miniature", "Watercolor", ""):
        assert judge(**AMERICAN_WING, objectName=name) == (None, "not_kept")


def test_islamic_art_names_the_country_only() -> None:
    folio = {"department": "Islamic Art", "culture": "", "country": "India"}
    assert judge(**folio) == ("India", None)
    codex = folio | {"classification": "Codices", "objectName": "Folio from an illustrated manuscript"}
    assert judge(**codex, medium="Opaque watercolor on paper") == ("India", None)
    assert judge(**codex, medium="Ink on paper") == (None, "not_kept")


def test_painted_screens_are_paintings() -> None:
    screen = {"classification": "Screens", "culture": "Japan"}
    assert judge(**screen, medium="Six-panel folding screen; ink, color, and gold on paper") == ("Japan", None)
    assert judge(**screen, medium="Lacquer and shell") == (None, "not_kept")


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"status": "record_gone"}, "no_record"),
        ({"classification": "Prints"}, "not_kept"),
        ({"isPublicDomain": False}, "not_public_domain"),
        ({"status": "image_refused", "reason": "cut off"}, "no_image"),
        ({"status": "image_gone", "classification": "Prints"}, "not_kept"),  # what it is counts before its image
    ],
)
def test_each_rejection_has_its_kind(fields: dict, kind: str) -> None:
    assert judge(**fields) == (None, kind)


def test_reasons_say_what_was_found() -> None:
    rows = [record(1, classification="Prints"), record(2, culture="Tibet")]
    result = apply_rules(pd.DataFrame(rows).assign(status="ok", reason=""), PARAMS)
    assert result["reason"].tolist() == [
        "department 'Asian Art', classification 'Prints', objectName 'Painting'",
        "culture/country 'Tibet'",
    ]


def test_another_target_is_a_change_of_parameters() -> None:
    params = replace(
        PARAMS,
        keep=({"department": "Asian Art"},),
        target=("classification",),
        labels=(LabelRule("print", "Prints"), LabelRule("jade", "Jade")),
    )
    rows = [record(1, classification="Prints"), record(2, classification="Jade"), record(3)]
    result = apply_rules(pd.DataFrame(rows).assign(status="ok", reason=""), params)
    assert result["label"].tolist() == ["print", "jade", None]


@pytest.mark.parametrize("field", ["culture", "medium", "classification"])
def test_a_text_without_end_takes_no_quadratic_time(field: str) -> None:
    start = time.process_time()
    judge(**{field: "India ink, " * 100_000 + "\n"})
    assert time.process_time() - start < 1
