"""Parameters of the stage clean: its section of params.yaml, checked by name."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from met_culture.common.config import STRICT, Fraction, Regex, Seed
from met_culture.common.record_keys import COLUMNS


def _column(name: str) -> str:
    if name not in COLUMNS:
        raise ValueError(f"{name} is not a field of the museum's records")
    return name


Column = Annotated[str, AfterValidator(_column)]
# A label becomes a column name and a cell: a spreadsheet would take a leading = or + for a formula. It also appears in
# HTML pages of plots, where DVC does not escape it.
Label = Annotated[str, Field(pattern=r"^\w[^\r\n,;<>&\"]*$", max_length=60)]


@dataclass(frozen=True, config=STRICT)
class LabelRule:
    """A label and the regular expression for the whole text of its targets."""

    label: Label
    pattern: Regex


@dataclass(frozen=True, config=STRICT)
class CleanParams:
    """Which objects are kept, which label they have, and how they are split."""

    seed: Seed
    split: Literal["grouped", "shuffled"]
    val_fraction: Fraction
    test_fraction: Fraction
    folds: Annotated[int, Field(ge=3, le=20)] | None  # one of two folds may hold all groups but one
    fold: Annotated[int, Field(ge=0)]
    folds_file: Annotated[str, Field(min_length=1)] | None
    keep: Annotated[tuple[dict[Column, Regex], ...], Field(min_length=1)]
    target: Annotated[tuple[Column, ...], Field(min_length=1)]
    doubtful: Regex
    # A list, because DVC treats mappings as equal in any order.
    labels: Annotated[tuple[LabelRule, ...], Field(min_length=2, max_length=1000)]
    album: Regex
    leaf: Regex
    near_duplicate_bits: Annotated[int, Field(ge=0, le=64)]

    def __post_init__(self) -> None:
        """Reject fractions that leave nothing to train on, a fold that does not exist, and repeated labels."""
        if self.val_fraction + self.test_fraction >= 1:
            raise ValueError("val_fraction and test_fraction together must be below 1")
        if self.folds and self.fold >= self.folds:
            raise ValueError(f"fold must be below folds ({self.folds})")
        names = [rule.label for rule in self.labels]
        if len(set(names)) < len(names):
            raise ValueError(f"labels must be unique, and {max(names, key=names.count)} appears twice")
