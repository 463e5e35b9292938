"""What the JSON and CSV files of a run hold, as far as other stages and commands read them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

SPLITS = ("train", "val", "test")
# Columns that readers need, by type; all other columns are text, and so are labels that look like numbers.
PAINTINGS = {"objectID": int, "label": str, "group": int, "split": str, "image_width": int, "image_height": int}
PAINTINGS |= dict.fromkeys(["image_file", "image_sha256", "title", "artistDisplayName", "objectDate"], str)
PAINTINGS |= dict.fromkeys(["medium", "objectURL", "creditLine"], str)
ROWS = {"objectID": int, "group": str, "label": str, "split": str}
PREDICTIONS = {"objectID": int, "group": str, "label": str, "predicted": str}
HISTORY: dict[str, type] = {"epoch": int, "phase": str}
HISTORY |= dict.fromkeys(["train_accuracy", "train_loss", "val_accuracy", "val_loss"], float)

Count = Annotated[int, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Texts = Annotated[list[str], Field(min_length=1)]
Interval = Annotated[list[Fraction], Field(min_length=2, max_length=2)]


class Schema(BaseModel):
    """Base of all schemas: types are strict, and further keys are allowed."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class Source(Schema):
    """The name of the data."""

    source: str


class Origin(Source):
    """source.json of fetch."""

    listed_labels: bool = False  # the field culture holds the labels of a list of images


class Labels(Source):
    """labels.json of clean."""

    labels: Texts


class Meta(Labels):
    """meta.json of preprocess."""

    image_size: Annotated[int, Field(ge=1)]
    fit: str
    interpolation: str


class FetchMetrics(Source):
    """metrics/fetch.json."""

    objects: Count
    fingerprint: str
    statuses: dict[str, Count]


class LabelCounts(Schema):
    """The paintings of a label."""

    paintings: Count
    train: Count
    val: Count
    test: Count


class CleanMetrics(Source):
    """metrics/clean.json."""

    paintings: Count
    groups: Count
    labels: dict[str, LabelCounts]
    rejected: dict[str, Count]


class HeadMetrics(Schema):
    """How the last layer of a pretrained network was fitted."""

    views: Count
    c: Annotated[float, Field(gt=0)]
    tried: Count


class TrainMetrics(Source):
    """metrics/train.json."""

    n_train: Count
    n_val: Count
    weights: Count
    epochs: Count
    kept_epoch: Count
    val_accuracy_last_10: Fraction
    head: HeadMetrics | None = None  # only of a pretrained network


class Scores(Schema):
    """The scores of a label."""

    precision: Fraction
    recall: Fraction
    f1: Fraction
    support: Count


class Answered(Schema):
    """Metrics of the answers above the threshold."""

    threshold: Fraction
    coverage: Fraction
    accuracy: Fraction | None


class Intervals(Schema):
    """95 % intervals of the headline metrics."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False, extra="forbid")
    accuracy: Interval
    balanced_accuracy: Interval
    macro_f1: Interval


class EvaluateMetrics(Source):
    """metrics/evaluate.json."""

    accuracy: Fraction
    balanced_accuracy: Fraction
    macro_f1: Fraction
    majority_accuracy: Fraction
    calibration_error: Fraction
    accuracy_without_border: Fraction
    answered: Answered
    interval_95: Intervals
    n_test: Count
    labels: Annotated[dict[str, Scores], Field(min_length=1)]
    labels_with_too_few: list[str]


METRICS: dict[str, type[Schema]] = {
    "fetch": FetchMetrics,
    "clean": CleanMetrics,
    "train": TrainMetrics,
    "evaluate": EvaluateMetrics,
}
