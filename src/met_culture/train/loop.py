"""The training loop: the head of a pretrained network, then every epoch of the trainable part, with checkpoints."""

from typing import Any

import keras
import numpy as np
import pandas as pd

from met_culture.common.errors import UserError
from met_culture.common.progress import progress
from met_culture.common.terminal import print_note
from met_culture.train.batches import Batches
from met_culture.train.checkpoints import Checkpoints
from met_culture.train.distributed.collectives import latest_state, process_index_and_count
from met_culture.train.distributed.data_parallel import all_variables, fit_epoch, replicate
from met_culture.train.head import fit_head
from met_culture.train.history import is_best, rename_logs
from met_culture.train.networks import Network
from met_culture.train.paintings import Paintings
from met_culture.train.params import TrainParams
from met_culture.train.schedule import learning_rate
from met_culture.train.selection import head_history, settings
from met_culture.train.state import Arrays, State


def fit(
    network: Network,
    paintings: Paintings | None,
    train: Batches,
    val: Batches,
    params: TrainParams,
    checkpoints: Checkpoints,
) -> tuple[pd.DataFrame, Arrays]:
    """Train to `params.epochs` epochs; resuming gives the same result as an uninterrupted run.

    Args:
        network: Its trainable part ends with the weights of the last epoch.
        paintings: What the head of a pretrained network is fitted to; None if no part is frozen.
        train: Training images, in order.
        val: Validation images, in order.
        params: Epochs, learning rates, seed and augmentation.
        checkpoints: Process 0 saves the state there after the last epoch, and on the way whenever that is due.

    Returns:
        The history: a row for each setting of the head of a pretrained network, then a row per epoch. Columns: epoch
        (from 1), phase (head, then all), train_accuracy, train_loss, val_accuracy, val_loss; views and c for the head.
        And the weights of the trainable part after the row with the lowest validation loss.

    Raises:
        UserError: The training diverged: its loss is no longer a number.
    """
    model = network.trainable
    model.optimizer.build(model.trainable_variables)
    head_rows = len(settings(params)) if paintings else 0
    state = latest_state(checkpoints, head_rows + params.epochs)
    if state is not None:
        _restore(model, state)
    elif paintings:
        rows = head_history(fit_head(network, paintings, params))
        state = State(rows=tuple(rows), best=tuple(model.get_weights()))
    else:
        state = State()
    state = _train_epochs(model, train, val, params, state, checkpoints)
    return pd.DataFrame(list(state.rows)), state.best


def _restore(model: keras.Model, state: State) -> None:
    print_note(f"train: continues after epoch {len(state.rows)}, from its checkpoint")
    for variable, value in zip(all_variables(model), state.variables, strict=True):
        variable.assign(value)


def _train_epochs(
    model: keras.Model, train: Batches, val: Batches, params: TrainParams, state: State, checkpoints: Checkpoints
) -> State:
    rows, best, weight = list(state.rows), state.best, class_weight(train, params)
    head_epochs = sum(row["phase"] == "head" for row in rows)
    done = len(rows) - head_epochs
    is_first_process = process_index_and_count()[0] == 0
    total, initial = params.epochs * train.images, done * train.images
    bar: Any = progress(None, "train", "images", total=total, initial=initial, quiet=not is_first_process)
    with bar, replicate(model) as replica:
        for epoch in range(done, params.epochs):
            replica.optimizer.learning_rate = learning_rate(params, epoch)
            # One call of Keras's fit per epoch, so that the data of every epoch depends on its number alone.
            logs = fit_epoch(replica, train.epoch(params.seed, epoch, params.augment), val, weight, bar.update)
            row = {"epoch": head_epochs + epoch + 1, "phase": "all"} | rename_logs(logs)
            _check_divergence(row)
            bar.set_postfix_str(f"epoch {row['epoch']}, val accuracy {row['val_accuracy']:.3f}", refresh=False)
            rows.append(row)
            if is_best(rows):
                best = tuple(replica.get_weights())
            is_last = epoch + 1 == params.epochs
            if is_first_process and (is_last or checkpoints.is_due()):
                variables = tuple(keras.ops.convert_to_numpy(variable) for variable in all_variables(replica))
                checkpoints.save(State(tuple(rows), variables, best))
    return State(rows=tuple(rows), best=best)


def _check_divergence(row: dict[str, Any]) -> None:
    if not np.isfinite([row["train_loss"], row["val_loss"]]).all():
        raise UserError(f"training diverged in epoch {row['epoch']} (loss is nan); lower train.learning_rate.")


def class_weight(train: Batches, params: TrainParams) -> dict[int, float] | None:
    """Return the weight of each class in the loss, 1 on average over the images; None if all weights are equal."""
    if params.class_weights == "none":
        return None
    counts = train.one_hot.sum(axis=0)
    return {index: float(len(train.one_hot) / (len(counts) * max(count, 1))) for index, count in enumerate(counts)}
