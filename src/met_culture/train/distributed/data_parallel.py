"""Training on several devices, of one process or of many, by Keras's distribution API on JAX: what each reads.

The batches are those of a single device, and so is what comes of them, up to rounding. The frozen part of a pretrained
network and its head are computed by every process for itself. With one device alone nothing here does anything.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from met_culture.common.errors import UserError
from met_culture.train.batches import Batches
from met_culture.train.distributed.collectives import place


def devices() -> int:
    """Return how many devices train, those of other processes included; under TensorFlow one does."""
    return keras.distribution.get_device_count() if keras.backend.backend() == "jax" else 1


def variables(model: keras.Model) -> list[keras.Variable]:
    """Return the weights, states of random layers and the optimizer's variables, its count included."""
    return [*model.variables, *model.optimizer.variables]


@contextmanager
def spread(model: keras.Model) -> Iterator[keras.Model]:
    """Give what trains on all devices in place of a model, which has its variables afterwards."""
    if devices() == 1:
        yield model
        return
    from jax.experimental.multihost_utils import broadcast_one_to_all

    with keras.distribution.DataParallel(auto_shard_dataset=False).scope():
        copy = type(model).from_config(model.get_config())
        # The optimizer as it is: half precision has wrapped it, which the configuration of `compile` does not tell.
        optimizer = keras.optimizers.serialize(model.optimizer)
        copy.compile_from_config(model.get_compile_config() | {"optimizer": optimizer})
        values = broadcast_one_to_all([keras.ops.convert_to_numpy(each) for each in variables(model)])
        for variable, value in zip(variables(copy), values, strict=True):
            variable.assign(np.asarray(value))
        yield copy
    for variable, trained in zip(variables(model), variables(copy), strict=True):
        variable.assign(keras.ops.convert_to_numpy(trained))


class _Whole(keras.distribution.DataParallel):
    """Every process reads all of a batch: of the last, where its images cannot be shared evenly."""

    def get_data_layout(self, data_shape: tuple[int, ...]) -> keras.distribution.TensorLayout:
        return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)


class _Share(keras.utils.PyDataset):
    """This process's part of each of some batches."""

    def __init__(self, batches: Batches, numbers: list[int], piece: int, pieces: int) -> None:
        super().__init__()
        self._batches, self._numbers, self._part = batches, numbers, (piece, pieces)
        self.images = sum(map(batches.size, numbers))

    def size(self, batch: int) -> int:
        """Return the number of images in a batch, those of other processes included."""
        return self._batches.size(self._numbers[batch])

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, batch: int) -> tuple[np.ndarray, np.ndarray]:
        return self._batches.part(self._numbers[batch], *self._part)


def _shared(batches: Batches, each: Callable[[_Share], dict[str, float]]) -> dict[str, float]:
    # The mean over the images of what `each` gives for the batches that are even, and then for the one that is not.
    even = [number for number in range(len(batches)) if batches.size(number) % devices() == 0]
    odd = [number for number in range(len(batches)) if batches.size(number) % devices()]
    parts = (even, keras.distribution.DataParallel, place()), (odd, _Whole, (0, 1))
    total: dict[str, float] = {}
    for numbers, kind, part in parts:
        if numbers:
            share = _Share(batches, numbers, *part)
            with kind(auto_shard_dataset=False).scope():
                figures = each(share)
            for name, value in figures.items():
                total[name] = total.get(name, 0) + value * share.images / batches.images
    return total


def fit_epoch(
    model: keras.Model, train: Batches, val: Batches, weight: dict[int, float] | None, advance: Callable[[int], Any]
) -> dict[str, float]:
    """Train for an epoch, and return Keras's figures of it.

    Args:
        model: As `spread` gives it.
        train: Training images, turned to the epoch.
        val: Validation images.
        weight: Of each class in the loss.
        advance: Called after each batch with its number of images.

    Raises:
        UserError: A batch cannot be shared evenly.
    """

    def fitted(data: Batches | _Share, **validation: Batches) -> dict[str, float]:
        step = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: advance(data.size(batch)))
        done = model.fit(data, class_weight=weight, shuffle=False, verbose=0, callbacks=[step], **validation)
        return {name: values[0] for name, values in done.history.items()}

    if devices() == 1:
        return fitted(train, validation_data=val)
    if train.size(0) % devices():
        raise UserError(
            f"a batch of {train.size(0)} images cannot be shared by {devices()} devices; make train.batch_size a "
            f"multiple of that, no larger than the {train.images} training images."
        )
    figures = _shared(train, fitted)
    judged = _shared(val, lambda share: model.evaluate(share, verbose=0, return_dict=True))
    return figures | {f"val_{name}": value for name, value in judged.items()}
