"""The learning rate of each epoch. It depends on the epoch's number and the schedule's length, never on `epochs`."""

import math

from met_culture.train.params import TrainParams


def learning_rate(params: TrainParams, epoch: int) -> float:
    """Return the learning rate of an epoch, counted from 0.

    `constant` is `params.learning_rate` in every epoch. `cosine` falls from it to `schedule_end` times it within
    `schedule_length` epochs and stays there (Loshchilov and Hutter, SGDR, 2017, without restarts).
    """
    if params.schedule == "constant":
        return params.learning_rate
    passed = min(epoch / params.schedule_length, 1)
    left = params.schedule_end + (1 - params.schedule_end) * (1 + math.cos(math.pi * passed)) / 2
    return params.learning_rate * left
