"""Read sections of params.yaml into checked dataclasses; types of fields that several stages share."""

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError

from met_culture.common.errors import UserError
from met_culture.common.terminal import printable
from met_culture.common.yaml_file import read_yaml

PARAMS = Path("params.yaml")
Section = TypeVar("Section")


def _regex(pattern: str) -> str:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:  # such as `a{99999999999999999999}`
        raise ValueError(f"not a regular expression: {error}") from error
    return pattern


STRICT = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)
Seed = Annotated[int, Field(ge=0, lt=2**32)]  # the range that both Keras and NumPy accept
# The largest values are generous; they keep a slip of the keyboard from taking all memory.
BatchSize = Annotated[int, Field(ge=1, le=65_536)]
# Not strict, because YAML 1.1 reads `1e-4` as text.
Number = Annotated[float, Field(strict=False)]
Fraction = Annotated[Number, Field(gt=0, lt=1)]
Regex = Annotated[str, Field(max_length=1000), AfterValidator(_regex)]
Interpolation = Literal["nearest", "linear", "cubic", "area", "lanczos"]
Fit = Literal["squash", "letterbox", "crop"]

_MESSAGES = {
    "unexpected_keyword_argument": "is not a known key; remove it or correct its spelling",
    "missing_argument": "is missing; add it",
    "missing": "is missing; add it",
    "dataclass_type": "must be a section of keys and values",
}


def _message(path: Path, section: str, error: ValidationError) -> str:
    # A misspelt key gives two errors, unknown and missing; the unknown key is the one to fix.
    fault = min(error.errors(), key=lambda fault: fault["type"] != "unexpected_keyword_argument")
    key = ".".join([section, *map(str, fault["loc"])])
    key = key if key.isprintable() else ascii(key)
    if fault["type"] in _MESSAGES:
        return f"{path}: {key}: {_MESSAGES[fault['type']]}."
    message = printable(fault["msg"].removeprefix("Value error, ").lower())
    value = f" (it is {repr(fault['input'])[:100]})" if fault["loc"] else ""
    return f"{path}: {key}: {message}{value}."


def read_sections(path: Path = PARAMS) -> dict[str, Any]:
    """Return the sections of params.yaml, unchecked.

    Raises:
        UserError: The file is missing, has no sections, or is not YAML that `read_yaml` accepts.
    """
    try:
        content = read_yaml(path)
    except FileNotFoundError:
        raise UserError(f"{path} is missing; run the command in the root of the repository.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).") from None
    if not isinstance(content, dict):
        raise UserError(f"{path} must hold one section of keys for each stage; `git checkout {path}` restores it.")
    return content


def check_section(path: Path, content: dict[str, Any], name: str, kind: type[Section]) -> Section:
    """Return one section as a checked dataclass.

    Args:
        path: The file, for error messages.
        content: Sections as returned by `read_sections`.
        name: Name of the section.
        kind: Dataclass of the section.

    Raises:
        UserError: The section or a key of it is missing, unknown or out of range.
    """
    if name not in content:
        raise UserError(f"{path}: {name} is missing; add the section.")
    try:
        # As JSON, because strict mode accepts lists for tuples and mappings for dataclasses only there.
        text = json.dumps(content[name], default=str)
    except (TypeError, ValueError, RecursionError) as error:
        raise UserError(f"{path}: {name} must hold plain keys and values ({error}).") from None
    try:
        return TypeAdapter(kind).validate_json(text)
    except ValidationError as error:
        raise UserError(_message(path, name, error)) from None


def load(name: str, kind: type[Section], path: Path = PARAMS) -> Section:
    """Return the checked parameters of one section; raise the errors of `read_sections` and `check_section`."""
    return check_section(path, read_sections(path), name, kind)
