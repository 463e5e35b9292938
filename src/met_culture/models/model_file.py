"""Write and read trained models: a .keras file of fixed bytes that carries what prediction has to know.

A .keras file is a zip. Keras writes the time and addresses in memory into it, so equal models would be different files;
here every time is the same and addresses are counted. One member is ours: `met_culture.json` with the labels, the
geometry of the input and the source of the data.
"""

import json
import re
import tempfile
import zipfile
from pathlib import Path
from typing import Annotated, Any

import keras
from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from met_culture.common.config import STRICT, Fit, Interpolation
from met_culture.common.errors import UserError
from met_culture.common.files import write_bytes
from met_culture.models.layers import MeanAndDeviation

META = "met_culture.json"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
SHARED_ID = re.compile(rb'("shared_object_id": )(\d+)')  # Keras takes it from the object's address
DATE = "1980-01-01@00:00:00"  # the same in Keras's own notation


@dataclass(frozen=True, config=STRICT)
class ModelMeta:
    """What prediction has to know of a model.

    Attributes:
        labels: Names of the classes, in the order of the output.
        image_size: Width and height of the input in pixels.
        interpolation: Key of `pixels.INTERPOLATIONS`.
        fit: Key of `pixels.FITS`.
        source: Name of the data that it was trained on.
        epoch: The epoch of training, from 1, whose weights these are.
        temperature: What its logits were divided by; 1 where it was not calibrated.
        threshold: Probability below which its answer is unsure; 0 where it never is.
    """

    labels: Annotated[tuple[str, ...], Field(min_length=2)]
    image_size: Annotated[int, Field(gt=0)]
    interpolation: Interpolation
    fit: Fit
    source: str
    epoch: Annotated[int, Field(ge=1)]
    temperature: Annotated[float, Field(gt=0)] = 1.0
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.0


def _normalised(name: str, data: bytes) -> bytes:
    if name == "metadata.json":
        return json.dumps(json.loads(data) | {"date_saved": DATE}, sort_keys=True).encode()
    if name == "config.json":
        seen: dict[bytes, int] = {}  # objects are numbered as they appear
        return SHARED_ID.sub(lambda match: b"%s%d" % (match[1], seen.setdefault(match[2], len(seen))), data)
    return data


def _without_optimizer(model: keras.Model) -> keras.Model:
    # Keras's include_optimizer has no effect on this format, and clone_model compiles again.
    bare = type(model).from_config(model.get_config())
    bare.set_weights(model.get_weights())
    return bare


def save_model(model: keras.Model, path: Path, meta: dict[str, Any], *, optimizer: bool) -> None:
    """Write a model; equal weights, structure and meta give equal bytes.

    Args:
        model: Built and compiled.
        path: Ends in .keras.
        meta: The fields of `ModelMeta`.
        optimizer: Whether the optimizer's state goes along, for training on.
    """
    with tempfile.TemporaryDirectory() as folder:
        saved, fixed = Path(folder) / "saved.keras", Path(folder) / "fixed.keras"
        (model if optimizer else _without_optimizer(model)).save(saved)
        with zipfile.ZipFile(saved) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_STORED) as target:
            for name in sorted(source.namelist()):
                target.writestr(zipfile.ZipInfo(name, EPOCH), _normalised(name, source.read(name)))
            target.writestr(zipfile.ZipInfo(META, EPOCH), json.dumps(meta, sort_keys=True))
        write_bytes(path, fixed.read_bytes())


def load_model(path: Path) -> tuple[keras.Model, ModelMeta]:
    """Return a model of `save_model` and its meta; nothing in the file is executed.

    Raises:
        UserError: The file is missing, damaged or not of this project.
    """
    if not path.is_file():
        raise UserError(f"{path} is missing; run `dvc repro` to train it, or `dvc pull` to get it.")
    try:
        with zipfile.ZipFile(path) as file:
            meta = TypeAdapter(ModelMeta).validate_json(file.read(META))
        model = keras.saving.load_model(path, {"MeanAndDeviation": MeanAndDeviation}, compile=False, safe_mode=True)
        expected = (None, meta.image_size, meta.image_size, 3), (None, len(meta.labels))
        if (model.input_shape, model.output_shape) != expected:
            raise ValueError("its labels and image size are not its network's")
    # Zip, JSON, HDF5 and Keras raise many types on a file that is damaged or not theirs.
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path} is not a model of this project ({type(error).__name__}: {reason}).") from None
    return model, meta
