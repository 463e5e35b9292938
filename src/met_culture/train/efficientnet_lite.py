"""EfficientNet-Lite0 and -Lite2 with ImageNet weights, split into a frozen and a trainable part.

Architecture: Tan and Le, EfficientNet, 2019; the Lite variants have ReLU6 and no squeeze-and-excitation. Every
BatchNormalization is folded into the convolution before it. This gives the same function with fewer layers, and without
statistics that small batches could distort.
"""

import keras
import numpy as np
from keras import layers

from met_culture.models.layers import ChannelCorrelations, MeanAndDeviation
from met_culture.train.efficientnet_weights import VARIANTS, fold, imagenet

# Per stage: kernel, stride of its first block, expansion.
STAGES = ((3, 1, 1), (3, 2, 6), (5, 2, 6), (3, 2, 6), (5, 1, 6), (5, 2, 6), (3, 1, 6))
STYLE_STAGES = (2, 3, 4)  # of Lite2, with 48, 88 and 120 channels; earlier and later ones did not help


class _Builder:
    """Adds convolutions to a graph, and sets their weights once the models exist."""

    def __init__(self, tensors: dict[str, np.ndarray]) -> None:
        self._tensors = tensors
        self._weights: list[tuple[layers.Layer, list[np.ndarray]]] = []

    def convolve(
        self, x: keras.KerasTensor, name: str, norm: str, kernel: int, stride: int = 1, *, relu: bool = True
    ) -> keras.KerasTensor:
        """Add a convolution with its folded normalisation, depthwise if its name says so, and return its output."""
        weight, bias = fold(self._tensors, name, norm)
        label = name.strip("_").replace("._", "_").replace(".", "_")
        if "depthwise" in name:
            layer = layers.DepthwiseConv2D(kernel, stride, padding="same", name=label)
            weight = weight.transpose(0, 1, 3, 2)
        else:
            layer = layers.Conv2D(weight.shape[-1], kernel, stride, padding="same", name=label)
        x = layer(x)
        self._weights.append((layer, [weight.astype(np.float32), bias.astype(np.float32)]))
        return layers.ReLU(6.0, name=f"{label}_relu")(x) if relu else x

    def block(
        self, before: keras.KerasTensor, number: int, kernel: int, stride: int, expansion: int
    ) -> keras.KerasTensor:
        """Add an inverted bottleneck, with a shortcut if the shape stays the same, and return its output."""
        name, x = f"_blocks.{number}.", before
        if expansion > 1:
            x = self.convolve(x, f"{name}_expand_conv", f"{name}_bn0", 1)
        x = self.convolve(x, f"{name}_depthwise_conv", f"{name}_bn1", kernel, stride)
        x = self.convolve(x, f"{name}_project_conv", f"{name}_bn2", 1, relu=False)
        return layers.Add(name=f"blocks_{number}_add")([x, before]) if x.shape == before.shape else x

    def stage(self, x: keras.KerasTensor, stage: int, blocks: tuple[int, ...]) -> keras.KerasTensor:
        """Add a stage of the network, and return its output; `blocks` is that of `Variant`."""
        kernel, stride, expansion = STAGES[stage]
        first = sum(blocks[:stage])
        for number in range(first, first + blocks[stage]):
            x = self.block(x, number, kernel, stride if number == first else 1, expansion)
        return x

    def stem(self, image: keras.KerasTensor) -> keras.KerasTensor:
        """Add the first convolution to an image, uint8 (n, size, size, 3), RGB, and return its output."""
        x = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescale")(image)
        return self.convolve(x, "_conv_stem", "_bn0", 3, 2)

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
        The frozen part, from images to the input of the first trainable stage. The trainable part, from there to
        features, float32 (n, features): means and deviations over the image of that input, of the output of every
        trainable stage, and of the 1280 channels at the end.

    Raises:
        UserError: As `imagenet`.
    """
    variant = VARIANTS[name]
    builder = _Builder(imagenet(variant))
    first_trainable = len(STAGES) - fine_tune_stages
    image = keras.Input((image_size, image_size, 3), dtype="uint8", name="image")
    x = builder.stem(image)
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


def style(image_size: int) -> tuple[keras.Model, keras.Model]:
    """Return EfficientNet-Lite2, frozen, up to its features of style, and a model that passes them on.

    Args:
        image_size: Width and height of the input in pixels; input is uint8 (n, size, size, 3), RGB.

    Returns:
        The frozen part, from images to features, float32 (n, 12096): the correlations between the channels of the
        output of each of `STYLE_STAGES`. Nothing of the network is computed beyond them.

    Raises:
        UserError: As `imagenet`.
    """
    variant = VARIANTS["efficientnet_lite2"]
    builder = _Builder(imagenet(variant))
    image = keras.Input((image_size, image_size, 3), dtype="uint8", name="image")
    x, correlations = builder.stem(image), []
    for stage in range(max(STYLE_STAGES) + 1):
        x = builder.stage(x, stage, variant.blocks)
        if stage in STYLE_STAGES:
            correlations.append(ChannelCorrelations(dtype="float32", name=f"correlations_{stage}")(x))
    frozen = keras.Model(image, layers.Concatenate(dtype="float32", name="correlations")(correlations), name="frozen")
    builder.set_weights()
    start = keras.Input(frozen.output_shape[1:], name="start")
    return frozen, keras.Model(start, layers.Identity(name="features")(start), name="style")
