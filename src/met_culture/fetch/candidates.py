"""The broader rule by which a catalogue chooses what to fetch; clean decides later what is kept."""

import hashlib
import heapq
from collections.abc import Iterable, Mapping
from typing import Any

from met_culture.fetch.params import CandidateRule


def _among(value: object, wanted: tuple[str, ...]) -> bool:
    # MetObjects.csv joins several values with `|`.
    return not wanted or not set(str(value or "").split("|")).isdisjoint(wanted)


def _fits(record: Mapping[str, Any], rule: CandidateRule) -> bool:
    return (
        _among(record.get("department"), rule.departments)
        and _among(record.get("classification"), rule.classifications)
        and _among(record.get("objectName"), rule.object_names)
        and (not rule.public_domain or bool(record.get("isPublicDomain")))
    )


def is_candidate(record: Mapping[str, Any], rules: tuple[CandidateRule, ...]) -> bool:
    """Return whether a record, named as in the API, fits one of the rules; without rules everything does."""
    return not rules or any(_fits(record, rule) for rule in rules)


def subset(ids: Iterable[int], limit: int | None, seed: int) -> list[int]:
    """Return at most `limit` ids, ascending, drawn by `seed`.

    A larger limit holds the smaller one, and an id that the museum adds moves at most one other, so that little is
    fetched anew.
    """
    if limit is None:
        return sorted(ids)
    return sorted(heapq.nsmallest(limit, ids, key=lambda each: hashlib.sha256(b"%d %d" % (seed, each)).digest()))
