"""Parameters of the stage preprocess: its section of params.yaml, checked by name."""

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from met_culture.common.config import STRICT, Fit, Interpolation, Number, Seed


@dataclass(frozen=True, config=STRICT)
class PreprocessParams:
    """Geometry of the arrays, and random crops of the images to train on."""

    image_size: Annotated[int, Field(ge=46, le=2048)]  # below 46 the CNN's four poolings leave nothing
    interpolation: Interpolation
    fit: Fit
    crops: Annotated[int, Field(ge=0, le=100)]
    crop_min: Annotated[Number, Field(gt=0, le=1)]
    seed: Seed
