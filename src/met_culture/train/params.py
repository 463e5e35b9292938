"""Parameters of the stage train: its section of params.yaml, checked by name."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from met_culture.common.config import STRICT, BatchSize, Fraction, Number, Seed

MAX_EPOCHS = 100_000
# Ours, or a class of keras.applications, which only training can look up.
Model = Annotated[str, Field(pattern=r"^(cnn|style|efficientnet_lite[02]|[A-Z][A-Za-z0-9]*)$")]


@dataclass(frozen=True, config=STRICT)
class AugmentParams:
    """Ranges of the random affine map."""

    rotation: Annotated[Number, Field(ge=0, le=180)]
    zoom: Annotated[Number, Field(ge=0, lt=1)]
    shift: Annotated[Number, Field(ge=0, lt=1)]
    shear: Annotated[Number, Field(ge=0, lt=90)]
    flip: bool


@dataclass(frozen=True, config=STRICT)
class HeadParams:
    """The last layer of a pretrained model: a logistic regression on frozen features."""

    # A larger c makes the gradient, divided by it, small everywhere: the result would depend on the start.
    c: Annotated[tuple[Annotated[Number, Field(gt=0, le=100_000)], ...], Field(min_length=1, max_length=20)]
    views: Annotated[tuple[Annotated[int, Field(ge=1, le=100)], ...], Field(min_length=1, max_length=20)]
    mask_border: bool
    folds: Annotated[int, Field(ge=2, le=100)]


@dataclass(frozen=True, config=STRICT)
class TrainParams:
    """Model and optimisation."""

    model: Model
    epochs: Annotated[int, Field(ge=0, le=MAX_EPOCHS)]
    batch_size: BatchSize
    optimizer: Literal["rmsprop", "adam", "adamw", "sgd"]
    learning_rate: Annotated[Number, Field(gt=0)]
    schedule: Literal["constant", "cosine"]
    schedule_length: Annotated[int, Field(ge=1, le=MAX_EPOCHS)]
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
    versions: Annotated[int, Field(ge=1, le=1000)]
    dropout: Annotated[Number, Field(ge=0, lt=1)]
    augment: AugmentParams

    def __post_init__(self) -> None:
        """Reject a training without an epoch."""
        if self.model == "cnn" and self.epochs < 1:
            raise ValueError("epochs must be at least 1 (0 only for a pretrained model, whose last layer is fitted)")

    @property
    def head_only(self) -> bool:
        """Whether only the last layer is trained, so that there are no epochs."""
        return self.model != "cnn" and (self.epochs == 0 or not self.model.startswith("efficientnet_lite"))
