"""Which objects are kept and which label they have, by the regular expressions of params.yaml."""

import re

import pandas as pd

from met_culture.params import CleanParams, LabelRule


def _is_kept(objects: pd.DataFrame, params: CleanParams) -> pd.Series:
    kept = pd.Series(False, index=objects.index)
    for rule in params.keep:
        matching = pd.Series(True, index=objects.index)
        for column, pattern in rule.items():
            matching &= objects[column].astype(str).str.fullmatch(pattern)
        kept |= matching
    return kept


def _target(objects: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series:
    text = objects[list(columns)].astype(str)
    return text.where(text != "").bfill(axis=1).iloc[:, 0].fillna("")


def _label(text: str, rules: tuple[LabelRule, ...]) -> str | None:
    return next((rule.label for rule in rules if re.fullmatch(rule.pattern, text)), None)


def _described(objects: pd.DataFrame, column: str) -> pd.Series:
    return column + " " + objects[column].map(lambda text: repr(text[:60]))


def apply_rules(objects: pd.DataFrame, params: CleanParams) -> pd.DataFrame:
    """Label every object, or say why it is rejected.

    Args:
        objects: Columns of `records.SCHEMA`, one row per object; no nulls in text columns.
        params: The rules.

    Returns:
        Columns `label` (null where rejected), `kind` and `reason` (both null where kept), indexed as `objects`. The
        first of these that applies is the reason: no record, no rule of `clean.keep` matches, no target, a doubtful
        target, a target of no label, not in the public domain, no image.
    """
    target = _target(objects, params.target)
    label = target.map(lambda text: _label(text, params.labels))
    department, classification, name = (_described(objects, c) for c in ("department", "classification", "objectName"))
    quoted = "/".join(params.target) + " " + target.map(repr)
    tests = (
        ("no_record", objects["status"].str.startswith("record_"), objects["status"] + ": " + objects["reason"]),
        ("not_kept", ~_is_kept(objects, params), department + ", " + classification + ", " + name),
        ("no_target", target == "", "/".join(params.target) + " is empty"),
        ("doubtful", target.map(lambda text: bool(re.search(params.doubtful, text))), quoted),
        ("other_label", label.isna(), quoted),
        ("not_public_domain", ~objects["isPublicDomain"], "isPublicDomain is false"),
        ("no_image", objects["status"] != "ok", objects["status"] + ": " + objects["reason"]),
    )
    result = pd.DataFrame({"label": label, "kind": None, "reason": None}, index=objects.index, dtype=object)
    for kind, applies, reason in reversed(tests):
        result.loc[applies, "kind"] = kind
        result.loc[applies, "reason"] = reason if isinstance(reason, str) else reason[applies]
    result.loc[result["kind"].notna(), "label"] = None
    return result
