"""Parameters of the stage evaluate: its section of params.yaml, checked by name."""

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from met_culture.common.config import STRICT, BatchSize, Seed


@dataclass(frozen=True, config=STRICT)
class EvaluateParams:
    """How the test split is predicted and the uncertainty of the metrics measured."""

    batch_size: BatchSize
    seed: Seed
    bootstrap_samples: Annotated[int, Field(ge=100, le=100_000)]
    calibration_bins: Annotated[int, Field(ge=2, le=10_000)]
