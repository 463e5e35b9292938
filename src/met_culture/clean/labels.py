"""Which objects are kept and which label they have, by the regular expressions of params.yaml."""

import re

import pandas as pd

from met_culture.clean.params import CleanParams, LabelRule

DESCRIBED = ["department", "classification", "objectName"]  # of an object that no rule keeps


def _is_kept(objects: pd.DataFrame, params: CleanParams) -> pd.Series:
    kept = pd.Series(False, index=objects.index)
    for rule in params.keep:
        matching = pd.Series(True, index=objects.index)
        for column, pattern in rule.items():
            matching &= objects[column].map(lambda value, pattern=pattern: bool(re.fullmatch(pattern, str(value))))
        kept |= matching
    return kept


def _target(objects: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series:
    target = pd.Series("", index=objects.index, dtype=object)
    for column in columns:
        target = target.where(target != "", objects[column].map(str))
    return target


def _label(text: str, rules: tuple[LabelRule, ...]) -> str | None:
    return next((rule.label for rule in rules if re.fullmatch(rule.pattern, text)), None)


def _reason(kind: str, row: dict[str, str], columns: str) -> str:
    match kind:
        case "no_record" | "no_image":
            return f"{row['status']}: {row['reason']}"
        case "not_kept":
            return ", ".join(f"{column} {row[column][:60]!r}" for column in DESCRIBED)
        case "no_target":
            return f"{columns} is empty"
        case "not_public_domain":
            return "isPublicDomain is false"
    return f"{columns} {row['target']!r}"


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
    applies = {
        "no_record": objects["status"].str.startswith("record_"),
        "not_kept": ~_is_kept(objects, params),
        "no_target": target == "",
        "doubtful": target.map(lambda text: bool(re.search(params.doubtful, text))),
        "other_label": label.isna(),
        "not_public_domain": ~objects["isPublicDomain"],
        "no_image": objects["status"] != "ok",
    }
    result = pd.DataFrame({"label": label, "kind": None, "reason": None}, index=objects.index, dtype=object)
    for kind in reversed(applies):
        result.loc[applies[kind], "kind"] = kind
    rejected = result["kind"].notna()
    rows = objects.loc[rejected, ["status", "reason", *DESCRIBED]].assign(target=target[rejected])
    result.loc[rejected, "reason"] = [
        _reason(kind, row, "/".join(params.target))
        for kind, row in zip(result.loc[rejected, "kind"], rows.to_dict("records"), strict=True)
    ]
    result.loc[rejected, "label"] = None
    return result
