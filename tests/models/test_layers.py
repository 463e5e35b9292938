import keras
import numpy as np

from met_culture.models.layers import ChannelCorrelations, MeanAndDeviation

X = np.random.default_rng(0).normal(3, 2, (2, 5, 7, 4)).astype(np.float32)


def test_mean_and_deviation_over_the_image() -> None:
    result = np.asarray(MeanAndDeviation()(X))
    assert np.allclose(result[:, :4], X.mean(axis=(1, 2)), atol=1e-5)
    assert np.allclose(result[:, 4:], X.std(axis=(1, 2)), atol=1e-3)


def test_a_uniform_image_has_a_finite_gradient() -> None:
    """Without EPSILON the gradient would be infinite, and the training would end in nan."""
    inputs = keras.Input((5, 7, 4))
    model = keras.Model(inputs, keras.layers.Dense(1)(MeanAndDeviation()(keras.layers.Conv2D(4, 1)(inputs))))
    model.compile("sgd", "mse")
    model.train_on_batch(np.zeros_like(X), np.ones((2, 1)))
    assert all(np.isfinite(weights).all() for weights in model.get_weights())


def test_its_shape_is_known_before_it_is_called() -> None:
    assert MeanAndDeviation()(keras.Input((None, None, 6))).shape == (None, 12)


def test_correlations_of_every_pair_of_channels() -> None:
    result = np.asarray(ChannelCorrelations()(X))
    expected = [np.corrcoef(image.reshape(-1, 4), rowvar=False)[np.triu_indices(4, 1)] for image in X]
    assert np.allclose(result, expected, atol=1e-3)
    assert ChannelCorrelations()(keras.Input((5, 7, 6))).shape == (None, 15)


def test_channels_without_variation_have_no_correlation() -> None:
    assert np.array_equal(ChannelCorrelations()(np.ones((1, 5, 7, 3), np.float32)), np.zeros((1, 3)))
