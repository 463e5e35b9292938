import pytest
from support import ROOT, record

from met_culture.common.config import load
from met_culture.fetch.candidates import is_candidate, subset
from met_culture.fetch.params import CandidateRule, FetchParams

RULES = (
    CandidateRule(departments=("Asian Art",), classifications=("Paintings", "Screens"), public_domain=True),
    CandidateRule(departments=("The American Wing",), object_names=("Painting",)),
)


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({}, True),
        ({"classification": "Screens"}, True),
        ({"classification": "Prints|Paintings"}, True),  # as in MetObjects.csv
        ({"classification": "Paintings-Fans"}, False),
        ({"classification": "paintings"}, False),
        ({"isPublicDomain": False}, False),
        ({"department": "Islamic Art"}, False),
        ({"department": "The American Wing", "classification": "", "isPublicDomain": False}, True),
        ({"department": "The American Wing", "objectName": "Painting, miniature"}, False),
        ({"department": None}, False),
    ],
)
def test_one_rule_must_fit_in_full(fields: dict, wanted: bool) -> None:
    assert is_candidate(record(1, **fields), RULES) is wanted


def test_without_rules_everything_is_wanted() -> None:
    assert is_candidate({}, ())


def test_the_default_rules_hold_what_the_default_clean_keeps() -> None:
    rules = load("fetch", FetchParams, ROOT / "params.yaml").candidates
    folio = {"department": "Islamic Art", "classification": "Codices", "objectName": "Folio from an illustrated book"}
    for fields in ({}, {"classification": "Screens"}, folio, {"department": "The American Wing", "classification": ""}):
        assert is_candidate(record(1, **fields), rules)


def test_a_subset_is_drawn_by_its_seed_and_ascending() -> None:
    drawn = subset(range(1000), 10, 0)
    assert drawn == sorted(drawn)
    assert len(drawn) == 10
    assert drawn == subset(reversed(range(1000)), 10, 0) != subset(range(1000), 10, 1)


def test_a_larger_limit_holds_the_smaller_one() -> None:
    assert set(subset(range(1000), 10, 0)) < set(subset(range(1000), 11, 0))


def test_a_new_object_moves_at_most_one_other() -> None:
    assert len(set(subset(range(1000), 10, 0)) - set(subset(range(1001), 10, 0))) <= 1


def test_no_limit_is_everything() -> None:
    assert subset({3, 1}, None, 0) == [1, 3]
