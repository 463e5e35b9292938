"""Parameters of the stage explore: its section of params.yaml, checked by name."""

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from met_culture.common.config import STRICT, Seed


@dataclass(frozen=True, config=STRICT)
class ExploreParams:
    """Which images the grids show, and how many bars the charts have."""

    seed: Seed
    pictures: Annotated[int, Field(ge=6, le=120)]
    bars: Annotated[int, Field(ge=1, le=100)]
