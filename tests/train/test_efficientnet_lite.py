import cv2
import numpy as np
import pytest

from met_culture.train.efficientnet_lite import efficientnet_lite
from met_culture.train.efficientnet_weights import VARIANTS, imagenet

LITE0 = VARIANTS["efficientnet_lite0"]
END = 2 * 1280  # means and deviations of the last channels, at the end of the features
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)


# The counts that TensorFlow's repository of the Lite variants gives, its classifier of 1,281,000 included.
@pytest.mark.parametrize(
    ("name", "size", "shape", "count"),
    [("efficientnet_lite0", 224, (14, 14, 112), 4_652_008), ("efficientnet_lite2", 260, (17, 17, 120), 6_092_072)],
)
def test_parameters_and_shapes_are_the_papers(name: str, size: int, shape: tuple[int, ...], count: int) -> None:
    frozen, trained = efficientnet_lite(name, size, 2)
    assert frozen.output_shape == (None, *shape)
    channels = [layer.output.shape[-1] for layer in trained.layers if layer.name.startswith("pool_")]
    assert channels[0] == 2 * shape[-1]
    assert channels[-1] == END
    assert trained.output_shape == (None, sum(channels))
    # Less the gain and bias that folding turns into one bias.
    norm = sum(tensor.size for key, tensor in imagenet(VARIANTS[name]).items() if key.endswith("running_mean"))
    assert frozen.count_params() + trained.count_params() == count - 1_281_000 - norm


@pytest.mark.parametrize("name", VARIANTS)
def test_where_it_is_cut_changes_nothing(name: str) -> None:
    parts = []
    for stages in (7, 2, 1):
        frozen, trained = efficientnet_lite(name, 64, stages)
        parts.append(np.asarray(trained(frozen(IMAGES)))[:, -END:])
    assert parts[0].std() > 0.1
    assert all(np.allclose(part, parts[0], atol=1e-4) for part in parts)


def traffic_light() -> np.ndarray:
    image = np.full((224, 224, 3), (150, 190, 230), np.uint8)
    cv2.rectangle(image, (77, 15), (147, 210), (25, 25, 25), -1)
    for index, colour in enumerate([(230, 30, 30), (240, 190, 20), (20, 200, 60)]):
        cv2.circle(image, (112, 50 + 62 * index), 26, colour, -1)
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
        corner = int(100 + 78 * np.sin(hour * np.pi / 6)), int(118 - 78 * np.cos(hour * np.pi / 6))
        cv2.putText(image, str(hour or 12), corner, 0, 0.6, (0, 0, 0), 2)
    cv2.line(image, (112, 112), (150, 80), (0, 0, 0), 5)
    cv2.line(image, (112, 112), (112, 45), (0, 0, 0), 3)
    return image


def test_it_knows_what_imagenet_taught_it() -> None:
    tensors = imagenet(LITE0)
    frozen, trained = efficientnet_lite("efficientnet_lite0", 224, 2)
    features = np.asarray(trained(frozen(np.stack([traffic_light(), crossword(), clock()]))))[:, -END : -END // 2]
    logits = features @ tensors["_fc.weight"].T + tensors["_fc.bias"]
    assert logits.argmax(axis=1).tolist() == [920, 918, 409]  # traffic light, crossword puzzle, analog clock
