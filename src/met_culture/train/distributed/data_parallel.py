"""Train on several devices, of one process or of several, by Keras's distribution API on JAX.

Batches and result are the same as on one device, up to rounding. Every process runs the frozen part of a pretrained
network, and trains its head, for itself. With one device these functions do nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import keras
import numpy as np

from met_culture.common.errors import UserError
from met_culture.train.batches import Batches
from met_culture.train.distributed.collectives import process_index_and_count
from met_culture.train.history import join_logs

Logs = dict[str, float]


def device_count() -> int:
    """Return the number of devices that train, those of other processes included; 1 under TensorFlow."""
    return keras.distribution.get_device_count() if keras.backend.backend() == "jax" else 1


def all_variables(model: keras.Model) -> list[keras.Variable]:
    """Return the weights, the states of random layers, and the optimizer's variables with its count of steps."""
    return [*model.variables, *model.optimizer.variables]


@contextmanager
def replicate(model: keras.Model) -> Iterator[keras.Model]:
    """Yield a copy of a model that trains on all devices; the model gets the copy's variables at the end."""
    if device_count() == 1:
        yield model
        return
    from jax.experimental.multihost_utils import broadcast_one_to_all

    with keras.distribution.DataParallel(auto_shard_dataset=False).scope():
        copy = type(model).from_config(model.get_config())
        # Serialized apart: in half precision the optimizer is wrapped, and the configuration of `compile` lacks that.
        optimizer = keras.optimizers.serialize(model.optimizer)
        copy.compile_from_config(model.get_compile_config() | {"optimizer": optimizer})
        values = broadcast_one_to_all([keras.ops.convert_to_numpy(variable) for variable in all_variables(model)])
        for variable, value in zip(all_variables(copy), values, strict=True):
            variable.assign(np.asarray(value))
        yield copy
    for variable, trained in zip(all_variables(model), all_variables(copy), strict=True):
        variable.assign(keras.ops.convert_to_numpy(trained))


class _WholeBatches(keras.distribution.DataParallel):
    """Every process reads all images of a batch; for a batch that does not divide evenly among the devices."""

    def get_data_layout(self, data_shape: tuple[int, ...]) -> keras.distribution.TensorLayout:
        return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)


class _Part(keras.utils.PyDataset):
    """The part of some batches that this process reads."""

    def __init__(self, batches: Batches, indices: list[int], index: int, parts: int) -> None:
        super().__init__()
        self._batches, self._indices, self._index, self._parts = batches, indices, index, parts
        self.images = sum(batches.size(batch) for batch in indices)

    def size(self, batch: int) -> int:
        """Return the number of images in a batch, those of other processes included."""
        return self._batches.size(self._indices[batch])

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, batch: int) -> tuple[np.ndarray, np.ndarray]:
        return self._batches.part(self._indices[batch], self._index, self._parts)


def _run_on_all_devices(batches: Batches, run: Callable[[_Part], Logs]) -> Logs:
    # Returns the mean of the logs over all images; batches that do not divide evenly run on their own.
    devices = device_count()
    even = [batch for batch in range(len(batches)) if batches.size(batch) % devices == 0]
    uneven = [batch for batch in range(len(batches)) if batches.size(batch) % devices != 0]
    index, processes = process_index_and_count()
    groups = [
        (_Part(batches, even, index, processes), keras.distribution.DataParallel),
        (_Part(batches, uneven, 0, 1), _WholeBatches),
    ]
    total: Logs = {}
    for part, distribution in groups:
        if len(part):
            with distribution(auto_shard_dataset=False).scope():
                logs = run(part)
            for name, value in logs.items():
                total[name] = total.get(name, 0) + value * part.images / batches.images
    return total


def _fit(
    model: keras.Model,
    advance: Callable[[int], Any],
    weight: dict[int, float] | None,
    data: Batches | _Part,
    val: Batches | None = None,
) -> Logs:
    step = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: advance(data.size(batch)))
    history = model.fit(
        data, class_weight=weight, shuffle=False, verbose=0, callbacks=[step], validation_data=val
    ).history
    return {name: values[0] for name, values in history.items()}


def fit_epoch(
    model: keras.Model, train: Batches, val: Batches, weight: dict[int, float] | None, advance: Callable[[int], Any]
) -> Logs:
    """Train for one epoch, and return Keras's logs of it.

    Args:
        model: As `replicate` yields it.
        train: Training images of the epoch.
        val: Validation images.
        weight: Weight of each class in the loss.
        advance: Called after each batch with its number of images.

    Raises:
        UserError: A batch does not divide evenly among the devices.
    """
    devices = device_count()
    if devices == 1:
        return _fit(model, advance, weight, train, val)
    if train.size(0) % devices:
        raise UserError(
            f"a batch of {train.size(0)} images cannot be divided among {devices} devices; make train.batch_size a "
            f"multiple of {devices}, at most the {train.images} training images."
        )
    trained = _run_on_all_devices(train, partial(_fit, model, advance, weight))
    validated = _run_on_all_devices(val, partial(model.evaluate, verbose=0, return_dict=True))
    return join_logs(trained, validated)
