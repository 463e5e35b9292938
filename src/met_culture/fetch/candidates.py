"""The rules that choose the objects to fetch; they are broader than the rules of the stage clean."""

import hashlib
import heapq
from collections.abc import Iterable, Mapping
from typing import Any

from met_culture.fetch.params import CandidateRule
from met_culture.fetch.records import BLANKS


def _is_among(value: object, wanted: tuple[str, ...]) -> bool:
    # MetObjects.csv joins several values with `|`.
    parts = {part.strip(BLANKS) for part in str(value or "").split("|")}
    return not wanted or not parts.isdisjoint(wanted)


def _fits(record: Mapping[str, Any], rule: CandidateRule) -> bool:
    return (
        _is_among(record.get("department"), rule.departments)
        and _is_among(record.get("classification"), rule.classifications)
        and _is_among(record.get("objectName"), rule.object_names)
        and (not rule.public_domain or bool(record.get("isPublicDomain")))
    )


def is_candidate(record: Mapping[str, Any], rules: tuple[CandidateRule, ...]) -> bool:
    """Return whether a record, with the API's keys, fits one of the rules; without rules every record does."""
    return not rules or any(_fits(record, rule) for rule in rules)


def subset(ids: Iterable[int], limit: int | None, seed: int) -> list[int]:
    """Return at most `limit` ids, ascending, drawn by `seed`.

    A larger limit keeps the ids of a smaller one. An id that the museum adds replaces at most one other.
    """
    if limit is None:
        return sorted(ids)

    def draw(object_id: int) -> bytes:
        return hashlib.sha256(b"%d %d" % (seed, object_id)).digest()

    return sorted(heapq.nsmallest(limit, ids, key=draw))
