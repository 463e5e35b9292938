"""The last layer of a pretrained network, fitted to features that are computed once.

It takes seconds, so it is repeated rather than resumed.
"""

import warnings

import keras
import numpy as np
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits

from met_culture.common.errors import UserError
from met_culture.train.features import compute_features, scaling
from met_culture.train.networks import Network
from met_culture.train.paintings import Paintings
from met_culture.train.params import TrainParams
from met_culture.train.selection import Choice, Problem, Split

# Rows, views of paintings, whose products are held in memory: half a gigabyte, and a fit needs several times as much.
# More are streamed, and c is chosen on a random part of them.
KERNEL_ROWS = 8_000


def fit_head(network: Network, paintings: Paintings, params: TrainParams) -> Choice:
    """Fit the layers `standardise` and `label` of a network to features; all others stay.

    If only the last layer is trained, the number of views and c are chosen by out-of-fold predictions over all
    paintings, and the layer is then fitted to all of them. Otherwise validation must stay unseen for the epochs that
    follow: the layer is fitted to the training paintings, and the validation paintings choose.

    Args:
        network: From images to probabilities.
        paintings: Training and validation paintings.
        params: Values of c, folds, seed, weights of the classes and label smoothing.

    Raises:
        UserError: There are fewer views than are to be tried, or too few groups to leave some out; the disk has no room
            for the features, or they are no finite numbers; or a fit does not converge.
    """
    views = max(params.head.views)
    if views > paintings.views:
        crops = views - 2 - paintings.mask_border
        raise UserError(f"train.head.views: {views} views need preprocess.crops: {crops}; change one of them.")
    standardise, label = (network.trainable.get_layer(name) for name in ("standardise", "label"))
    features = compute_features(_feature_model(network), paintings, views)
    fitted = np.arange(len(paintings)) if params.head_only else paintings.training
    scale = scaling(features, fitted, standardise.epsilon)
    one_hot = keras.utils.to_categorical(paintings.classes, label.units)
    sample = _sample(paintings, params.seed, views)
    # Threads of BLAS wait for each other in these small products, and the order of sums would depend on their number.
    with threadpool_limits(1):
        problem = Problem(features, scale, one_hot, sample, params)
        choice = problem.choose(_splits(paintings, sample, params))
        weights, intercepts = problem.fit(fitted, choice.views, choice.c)
    standardise.set_weights([scale.mean, scale.variance])
    label.set_weights([weights.astype(np.float32), intercepts.astype(np.float32)])
    return choice


def _feature_model(network: Network) -> keras.Model:
    above = keras.Model(network.trainable.input, network.trainable.get_layer("features").output)
    return keras.Model(network.frozen.input, above(network.frozen.output)) if network.frozen else above


def _sample(paintings: Paintings, seed: int, views: int) -> np.ndarray:
    # Indices of the paintings to choose on, in order: all, or whole random groups of them.
    names, group_of = np.unique(paintings.groups, return_inverse=True)
    rank = np.random.default_rng(seed).permutation(len(names))[group_of]
    return np.sort(np.argsort(rank, kind="stable")[: KERNEL_ROWS // views])


def _splits(paintings: Paintings, sample: np.ndarray, params: TrainParams) -> list[Split]:
    # Each split holds positions in the sample: the paintings to fit, and those that are left out.
    if not params.head_only:
        is_training = sample < len(paintings.training)
        return [(np.flatnonzero(is_training), np.flatnonzero(~is_training))]
    groups, classes = paintings.groups[sample], paintings.classes[sample]
    # scikit-learn needs as many groups as folds, and as many paintings of one class.
    folds = min(params.head.folds, len(np.unique(groups)), np.bincount(classes).max())
    if folds < 2:
        raise UserError(
            "train and val have too few groups, or paintings of a class, to leave some out; fetch more paintings."
        )
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=params.seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class may have fewer paintings than there are folds
        return list(splitter.split(np.zeros(len(sample)), classes, groups))
