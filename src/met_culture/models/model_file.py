"""Write and read trained models: .keras files with reproducible bytes and the metadata that prediction needs.

A .keras file is a zip archive. Keras writes the time and memory addresses into it, so equal models give different
files; here every time is the same and addresses are replaced by numbers. One member is ours: `met_culture.json` with
the labels, the geometry of the input and the source of the data.
"""

import json
import re
import tempfile
import zipfile
from pathlib import Path
from typing import Annotated, Any

import keras
import numpy as np
from pydantic import BeforeValidator, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from met_culture.common.config import STRICT, Fit, Interpolation
from met_culture.common.errors import UserError
from met_culture.common.files import write_bytes
from met_culture.models.layers import ChannelCorrelations, MeanAndDeviation

META = "met_culture.json"
LAYERS = {layer.__name__: layer for layer in (ChannelCorrelations, MeanAndDeviation)}
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
SHARED_ID = re.compile(rb'("shared_object_id": )(\d+)')  # Keras takes it from the object's address
DATE = "1980-01-01@00:00:00"  # the same in Keras's own notation


def _area_for_auto(interpolation: object) -> object:
    # Version 0.1 had `auto`, which was like `area`.
    return "area" if interpolation == "auto" else interpolation


@dataclass(frozen=True, config=STRICT)
class ModelMeta:
    """Metadata of a model that prediction needs.

    Attributes:
        labels: Names of the classes, in the order of the output.
        image_size: Width and height of the input in pixels.
        interpolation: Interpolation that resized the training images.
        fit: How the training images were fitted into the square.
        source: Name of the training data.
        epoch: Epoch of the weights, from 1.
        temperature: Temperature that the logits were divided by; 1 if the model is not calibrated.
        threshold: Probability below which a prediction is unsure; 0 if it never is.
    """

    labels: Annotated[tuple[str, ...], Field(min_length=2)]
    image_size: Annotated[int, Field(gt=0)]
    interpolation: Annotated[Interpolation, BeforeValidator(_area_for_auto)]
    fit: Fit
    source: str
    epoch: Annotated[int, Field(ge=1)]
    temperature: Annotated[float, Field(gt=0)] = 1.0
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.0


def _number_shared_ids(config: bytes) -> bytes:
    numbers: dict[bytes, int] = {}
    for _, address in SHARED_ID.findall(config):
        numbers.setdefault(address, len(numbers))
    return SHARED_ID.sub(lambda match: b"%s%d" % (match[1], numbers[match[2]]), config)


def _reproducible(name: str, data: bytes) -> bytes:
    if name == "metadata.json":
        return json.dumps(json.loads(data) | {"date_saved": DATE}, sort_keys=True).encode()
    if name == "config.json":
        return _number_shared_ids(data)
    return data


def _without_optimizer(model: keras.Model) -> keras.Model:
    # Keras's include_optimizer has no effect on this format, and clone_model compiles again.
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    return copy


def save_model(model: keras.Model, path: Path, meta: dict[str, Any], *, optimizer: bool) -> None:
    """Write a model; equal weights, structure and meta give equal bytes.

    Args:
        model: Built and compiled.
        path: Ends in .keras.
        meta: Fields of `ModelMeta`.
        optimizer: Whether to write the optimizer's state too, so that training can continue.
    """
    with tempfile.TemporaryDirectory() as folder:
        saved, reproducible = Path(folder) / "saved.keras", Path(folder) / "reproducible.keras"
        (model if optimizer else _without_optimizer(model)).save(saved)
        with zipfile.ZipFile(saved) as source, zipfile.ZipFile(reproducible, "w", zipfile.ZIP_STORED) as target:
            for name in sorted(source.namelist()):
                target.writestr(zipfile.ZipInfo(name, EPOCH), _reproducible(name, source.read(name)))
            target.writestr(zipfile.ZipInfo(META, EPOCH), json.dumps(meta, sort_keys=True))
        write_bytes(path, reproducible.read_bytes())


def load_model(path: Path) -> tuple[keras.Model, ModelMeta]:
    """Return a model that `save_model` wrote, and its meta; no code in the file is executed.

    Its attribute `file` is the path, for error messages.

    Raises:
        UserError: The file is missing, damaged or not of this project, or its weights are not numbers.
    """
    if not path.is_file():
        raise UserError(f"{path} is missing; run `dvc repro` to train it, or `dvc pull` to get it.")
    try:
        with zipfile.ZipFile(path) as file:
            meta = TypeAdapter(ModelMeta).validate_json(file.read(META))
        model = keras.saving.load_model(path, LAYERS, compile=False, safe_mode=True)
        expected = (None, meta.image_size, meta.image_size, 3), (None, len(meta.labels))
        if (model.input_shape, model.output_shape) != expected:
            raise ValueError("its labels or image size do not fit its network")
    # Zip, JSON, HDF5 and Keras raise many exception types for a file that is damaged or has another format.
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"{path} is not a model of this project ({type(error).__name__}: {reason}); give a model of its training."
        ) from None
    if not all(np.isfinite(weights).all() for weights in model.get_weights()):
        raise UserError(f"{path} has weights that are no finite numbers; train it again, or use another model.")
    model.file = str(path)
    return model, meta
