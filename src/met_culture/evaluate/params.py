"""Parameters of the stage evaluate: its section of params.yaml, checked by name."""

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from met_culture.common.config import STRICT, Count, Seed


@dataclass(frozen=True, config=STRICT)
class EvaluateParams:
    """How the test split is predicted and the uncertainty of the metrics measured."""

    batch_size: Count
    seed: Seed
    bootstrap_samples: Annotated[int, Field(ge=100)]
    calibration_bins: Annotated[int, Field(ge=2)]
