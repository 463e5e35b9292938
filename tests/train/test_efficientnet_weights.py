from dataclasses import replace

import numpy as np
import pytest
from keras import layers

from met_culture.common.errors import UserError
from met_culture.train.efficientnet_lite import efficientnet_lite
from met_culture.train.efficientnet_weights import VARIANTS, imagenet

LITE0 = VARIANTS["efficientnet_lite0"]
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)


def test_folding_is_the_function_of_the_normalised_convolution() -> None:
    """Compares the stem with a convolution and a BatchNormalization as they stand in PyTorch's file."""
    tensors = imagenet(LITE0)
    conv, norm = layers.Conv2D(32, 3, 2, padding="same", use_bias=False), layers.BatchNormalization(epsilon=1e-3)
    x = (IMAGES.astype(np.float32) - 127) / 128
    norm(conv(x))
    conv.set_weights([tensors["_conv_stem.weight"].transpose(2, 3, 1, 0)])
    norm.set_weights([tensors[f"_bn0.{part}"] for part in ("weight", "bias", "running_mean", "running_var")])
    expected = np.clip(np.asarray(norm(conv(x))), 0, 6)
    frozen, _ = efficientnet_lite("efficientnet_lite0", 64, 7)
    assert np.allclose(np.asarray(frozen(IMAGES)), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("sha256", "0" * 64, "its SHA-256 differs"),
        ("file", "nowhere.pth", "No such file"),
        ("package", "no-such-package", "no-such-package"),
    ],
)
def test_another_file_is_not_read(field: str, value: str, reason: str) -> None:
    with pytest.raises(UserError, match=rf"cannot be read.*{reason}"):
        imagenet(replace(LITE0, **{field: value}))
