"""Parameters of every stage, read from params.yaml and checked by name.

`python -m met_culture.params` checks the whole file, unknown keys included, and says which key is wrong. Every stage
checks its own section again when it starts. Units and meanings stand beside the keys in params.yaml.
"""

import json
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from met_culture.command import UserError, run
from met_culture.departments import DEPARTMENTS
from met_culture.paths import source_folder
from met_culture.records import COLUMNS

PARAMS = Path("params.yaml")


def _regex(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return pattern


def _column(name: str) -> str:
    if name not in COLUMNS:
        raise ValueError(f"{name} is not a field of the museum's records")
    return name


def _url(text: str) -> str:
    parts = urlsplit(text)  # raises ValueError
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError("not an http or https URL")
    return text


def _department(name: str) -> str:
    if name not in DEPARTMENTS.values():
        raise ValueError(f"{name} is not a department of the museum ({', '.join(DEPARTMENTS.values())})")
    return name


def _date(text: str) -> str:
    date.fromisoformat(text)  # raises ValueError
    return text


STRICT = {"extra": "forbid", "allow_inf_nan": False, "strict": True}
Seed = Annotated[int, Field(ge=0, lt=2**32)]  # the range that Keras and NumPy accept
Count = Annotated[int, Field(ge=1)]
# Lax, because YAML 1.1 reads `1e-4` as text.
Number = Annotated[float, Field(strict=False)]
Fraction = Annotated[Number, Field(gt=0, lt=1)]
Regex = Annotated[str, AfterValidator(_regex)]
Column = Annotated[str, AfterValidator(_column)]
Department = Annotated[str, AfterValidator(_department)]
# Strings, because YAML reads a bare 2026-11-24 as a date.
Date = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$"), AfterValidator(_date)]
HostName = Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]  # without https:// and in lower case
# What a header can hold; a name and a place to complain.
UserAgent = Annotated[str, Field(pattern=r"^[!-~][ -~]{2,199}$")]
Url = Annotated[str, AfterValidator(_url)]
Interpolation = Literal["auto", "nearest", "linear", "cubic", "area", "lanczos"]
Fit = Literal["squash", "letterbox", "crop"]
# Ours, or a class of keras.applications, which only training can look up.
Model = Annotated[str, Field(pattern=r"^(cnn|efficientnet_lite[02]|[A-Z][A-Za-z0-9]*)$")]
# A label becomes a column's name and a cell, where a spreadsheet would take a leading = or + for a formula, and stands
# in pages of plots, where DVC does not escape it.
Label = Annotated[str, Field(pattern=r"^\w[^\r\n,;<>&\"]*$", max_length=60)]


@dataclass(frozen=True, config=STRICT)
class CandidateRule:
    """What an object must be to be fetched; every key that is given must fit."""

    departments: tuple[Department, ...] = ()
    classifications: tuple[str, ...] = ()
    object_names: tuple[str, ...] = ()
    public_domain: bool = False


@dataclass(frozen=True, config=STRICT)
class FetchParams:
    """Where records and images come from, which of them, and how politely."""

    source: Annotated[str, Field(min_length=1)]
    sample_seed: Seed
    api: Url
    catalog: Literal["search", "listing", "csv", "dump"]
    catalog_file: Annotated[str, Field(min_length=1)] | None
    candidates: tuple[CandidateRule, ...]
    limit: Count | None
    limit_seed: Seed
    since: Date | None
    image_hosts: Annotated[tuple[HostName, ...], Field(min_length=1)]
    requests_per_second: Annotated[Number, Field(ge=0.001, le=80)]  # 80 is what the museum documents
    parallel_images: Annotated[int, Field(ge=1, le=64)]
    timeout_s: Annotated[Number, Field(gt=0, le=3600)]
    user_agent: UserAgent

    def __post_init__(self) -> None:
        """Reject catalogues that lack their file, or that cannot be brought up to date by date."""
        if self.catalog in ("csv", "dump") and not self.catalog_file:
            raise ValueError(f"catalog is {self.catalog}, so catalog_file must be the path or URL of its file")
        if self.catalog == "dump" and self.since:
            raise ValueError("since must be null with catalog dump, as a dump is compared as a whole")


@dataclass(frozen=True, config=STRICT)
class LabelRule:
    """A label and the regular expression for the whole text of its targets."""

    label: Label
    pattern: Regex


@dataclass(frozen=True, config=STRICT)
class CleanParams:
    """Which objects are kept, which label they have, and how they are split."""

    seed: Seed
    val_fraction: Fraction
    test_fraction: Fraction
    folds: Annotated[int, Field(ge=3, le=20)] | None  # of two folds, one may hold all but one group
    fold: Annotated[int, Field(ge=0)]
    keep: Annotated[tuple[dict[Column, Regex], ...], Field(min_length=1)]
    target: Annotated[tuple[Column, ...], Field(min_length=1)]
    doubtful: Regex
    labels: Annotated[tuple[LabelRule, ...], Field(min_length=2)]  # a list, as DVC takes mappings in any order as equal
    album: Regex
    near_duplicate_bits: Annotated[int, Field(ge=0, le=64)]

    def __post_init__(self) -> None:
        """Reject fractions that leave nothing to train on."""
        if self.val_fraction + self.test_fraction >= 1:
            raise ValueError("val_fraction and test_fraction together must be below 1")
        if self.folds and self.fold >= self.folds:
            raise ValueError(f"fold must be below folds ({self.folds})")
        names = [rule.label for rule in self.labels]
        if len(set(names)) < len(names):
            raise ValueError(f"labels must differ, and {max(names, key=names.count)} stands twice")


@dataclass(frozen=True, config=STRICT)
class ExploreParams:
    """What the pictures of the collection show."""

    seed: Seed
    pictures: Annotated[int, Field(ge=6, le=120)]
    bars: Annotated[int, Field(ge=1, le=100)]


@dataclass(frozen=True, config=STRICT)
class PreprocessParams:
    """Geometry of the arrays."""

    image_size: Annotated[int, Field(ge=32, le=2048)]  # below 32 the CNN's three poolings leave nothing
    interpolation: Interpolation
    fit: Fit


@dataclass(frozen=True, config=STRICT)
class AugmentParams:
    """Ranges of the random affine map."""

    zoom: Annotated[Number, Field(ge=0, lt=1)]
    shift: Annotated[Number, Field(ge=0, lt=1)]
    shear: Annotated[Number, Field(ge=0, lt=90)]
    flip: bool


@dataclass(frozen=True, config=STRICT)
class HeadParams:
    """The first phase of a pretrained model: its new last layer alone."""

    epochs: Annotated[int, Field(ge=0)]
    learning_rate: Annotated[Number, Field(gt=0)]
    schedule: Literal["constant", "cosine"]
    schedule_length: Count
    schedule_end: Annotated[Number, Field(ge=0, le=1)]


@dataclass(frozen=True, config=STRICT)
class TrainParams:
    """Model and optimisation."""

    model: Model
    epochs: Annotated[int, Field(ge=0)]
    batch_size: Count
    optimizer: Literal["rmsprop", "adam", "adamw", "sgd"]
    learning_rate: Annotated[Number, Field(gt=0)]
    schedule: Literal["constant", "cosine"]
    schedule_length: Count
    schedule_end: Annotated[Number, Field(ge=0, le=1)]
    seed: Seed
    label_smoothing: Annotated[Number, Field(ge=0, lt=1)]
    class_weights: Literal["none", "balanced"]
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"]
    keep: Literal["best", "last"]
    calibrate: bool
    answer_accuracy: Fraction
    head: HeadParams
    fine_tune_stages: Annotated[int, Field(ge=1, le=7)]
    versions: Count
    dropout: Annotated[Number, Field(ge=0, lt=1)]
    augment: AugmentParams

    def __post_init__(self) -> None:
        """Reject a training without an epoch."""
        if self.epochs + (self.head.epochs if self.model != "cnn" else 0) < 1:
            raise ValueError("epochs must be at least 1 (0 only for a pretrained model whose head is trained)")


@dataclass(frozen=True, config=STRICT)
class EvaluateParams:
    """How the test split is read and its uncertainty measured."""

    batch_size: Count
    seed: Seed
    bootstrap_samples: Annotated[int, Field(ge=100)]
    calibration_bins: Annotated[int, Field(ge=2)]


SECTIONS: dict[str, type] = {
    "fetch": FetchParams,
    "clean": CleanParams,
    "explore": ExploreParams,
    "preprocess": PreprocessParams,
    "train": TrainParams,
    "evaluate": EvaluateParams,
}

_PLAIN = {
    "unexpected_keyword_argument": "is not a known key; remove it or correct its spelling",
    "missing_argument": "is missing; add it",
    "missing": "is missing; add it",
    "dataclass_type": "must be a section of keys and values",
}


def _sentence(path: Path, section: str, error: ValidationError) -> str:
    # A misspelt key is both unknown and missing: the unknown one says more.
    first = min(error.errors(), key=lambda each: each["type"] != "unexpected_keyword_argument")
    key = ".".join([section, *map(str, first["loc"])])
    given = "" if first["type"] in _PLAIN or not first["loc"] else f" (it is {first['input']!r})"
    message = _PLAIN.get(first["type"]) or first["msg"].removeprefix("Value error, ").lower()
    return f"{path}: {key}: {message}{given}."


def _parse(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} is missing; run the command in the root of the repository.") from None
    except (yaml.YAMLError, UnicodeDecodeError, OSError, RecursionError) as error:
        raise UserError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise UserError(f"{path} must hold the sections {', '.join(SECTIONS)}.")
    return content


def _check(path: Path, content: dict[str, Any], section: str) -> Any:  # noqa: ANN401 - one of the dataclasses above
    if section not in content:
        raise UserError(f"{path}: {section} is missing; add the section.")
    try:
        # JSON, because strict mode takes lists for tuples and mappings for dataclasses only from there.
        text = json.dumps(content[section], default=str)
    except (TypeError, ValueError, RecursionError) as error:
        raise UserError(f"{path}: {section} must hold plain keys and values ({error}).") from None
    try:
        return TypeAdapter(SECTIONS[section]).validate_json(text)
    except ValidationError as error:
        raise UserError(_sentence(path, section, error)) from None


def load(section: str, path: Path = PARAMS) -> Any:  # noqa: ANN401 - one of the dataclasses above
    """Return the checked parameters of one section.

    Raises:
        UserError: The file is missing or unreadable, or a key of the section is unknown, missing or out of range.
    """
    return _check(path, _parse(path), section)


def check_all(path: Path = PARAMS) -> None:
    """Check every section, unknown sections, and that `fetch.source` exists.

    Raises:
        UserError: As `load`, for any section.
    """
    content = _parse(path)
    unknown = [str(key) for key in content if key not in SECTIONS]
    if unknown:
        raise UserError(f"{path}: {unknown[0]} is not a known section; the sections are {', '.join(SECTIONS)}.")
    checked = {section: _check(path, content, section) for section in SECTIONS}
    source_folder(checked["fetch"].source)


if __name__ == "__main__":
    run(check_all)
