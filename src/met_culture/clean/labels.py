"""Apply the rules of params.yaml: which objects are kept, and which label each has."""

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from met_culture.clean.params import CleanParams, LabelRule

LONGEST = 2_000  # characters of a text that a rule sees: some expressions take quadratic time
DESCRIPTION = ["department", "classification", "objectName"]  # columns that the reason quotes if no rule keeps


def _matches(values: pd.Series, pattern: str) -> pd.Series:
    """Return which values match a regular expression in full."""
    regex = re.compile(pattern)
    return values.map(lambda value: regex.fullmatch(str(value)[:LONGEST]) is not None)


def _is_kept(objects: pd.DataFrame, params: CleanParams) -> pd.Series:
    kept = pd.Series(False, index=objects.index)
    for rule in params.keep:
        rule_matches = pd.Series(True, index=objects.index)
        for column, pattern in rule.items():
            rule_matches &= _matches(objects[column], pattern)
        kept |= rule_matches
    return kept


def _target(objects: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series:
    """Return for each object the text of the first of the columns that is not empty."""
    target = pd.Series("", index=objects.index, dtype=object)
    for column in columns:
        target = target.where(target != "", objects[column].map(lambda value: str(value)[:LONGEST]))
    return target


def _label(target: str, rules: tuple[LabelRule, ...]) -> str | None:
    for rule in rules:
        if re.fullmatch(rule.pattern, target):
            return rule.label
    return None


def _reason(kind: str, rejected: Mapping[Any, Any], target_columns: str) -> str:
    match kind:
        case "no_record" | "no_image":
            return f"{rejected['status']}: {rejected['reason']}"
        case "not_kept":
            return ", ".join(f"{column} {rejected[column][:60]!r}" for column in DESCRIPTION)
        case "no_target":
            return f"{target_columns} is empty"
        case "not_public_domain":
            return "isPublicDomain is false"
    return f"{target_columns} {rejected['target']!r}"


def apply_rules(objects: pd.DataFrame, params: CleanParams) -> pd.DataFrame:
    """Return the label of every object, or the reason for its rejection.

    Args:
        objects: Columns of `fetch.records.SCHEMA`, one row per object; no nulls in text columns.
        params: The rules.

    Returns:
        Columns `label` (null where rejected), `kind` and `reason` (both null where kept), indexed as `objects`. The
        kind is the first of these that applies: no record, no rule of `clean.keep` matches, no target, a doubtful
        target, a target of no label, not in the public domain, no image.
    """
    target = _target(objects, params.target)
    label = target.map(lambda text: _label(text, params.labels))
    applies = {
        "no_record": objects["status"].str.startswith("record_"),
        "not_kept": ~_is_kept(objects, params),
        "no_target": target == "",
        "doubtful": target.map(lambda text: bool(re.search(params.doubtful, text))),
        "other_label": label.isna(),
        "not_public_domain": ~objects["isPublicDomain"],
        "no_image": objects["status"] != "ok",
    }
    return _outcome(objects, label, applies, target, "/".join(params.target))


def match_names(objects: pd.DataFrame, params: CleanParams) -> pd.DataFrame:
    """Return the label of every image of a list, or the reason for its rejection, as `apply_rules` does.

    The list has chosen and labelled its images, so that only the names of `clean.labels` apply, and no other rule.

    Args:
        objects: As for `apply_rules`; culture holds the label of the list.
        params: The rules.
    """
    label = objects["culture"].astype(object)
    is_name = label.isin([rule.label for rule in params.labels])
    applies = {
        "no_record": objects["status"].str.startswith("record_"),
        "no_target": label == "",
        "other_label": ~is_name,
        "no_image": objects["status"] != "ok",
    }
    return _outcome(objects, label, applies, label.map(lambda text: text[:LONGEST]), "listed label")


def _outcome(
    objects: pd.DataFrame, label: pd.Series, applies: dict[str, pd.Series], target: pd.Series, target_columns: str
) -> pd.DataFrame:
    """Return label, kind and reason of every object; the first kind that applies is the reason for its rejection."""
    kinds = pd.Series([None] * len(objects), index=objects.index, dtype=object)
    for kind in reversed(applies):  # an earlier kind replaces a later one
        kinds[applies[kind]] = kind
    is_rejected = kinds.notna()
    rejected = objects.loc[is_rejected, ["status", "reason", *DESCRIPTION]].assign(target=target[is_rejected])
    reasons = [
        _reason(kind, row, target_columns)
        for kind, row in zip(kinds[is_rejected], rejected.to_dict("records"), strict=True)
    ]
    result = pd.DataFrame({"label": label, "kind": kinds, "reason": None}, dtype=object)
    result.loc[is_rejected, "reason"] = reasons
    result.loc[is_rejected, "label"] = None
    return result
