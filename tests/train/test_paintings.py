from dataclasses import replace

import numpy as np

from met_culture.models.border import without_border
from met_culture.train.paintings import Paintings

RNG = np.random.default_rng(0)
IMAGES = tuple(RNG.integers(0, 256, (n, 20, 20, 3), np.uint8) for n in (3, 2))
CROPS = tuple(RNG.integers(0, 256, (n, 2, 20, 20, 3), np.uint8) for n in (3, 2))
PAINTINGS = Paintings(IMAGES, CROPS, np.zeros(5, int), np.array(list("aabbc")), mask_border=True)


def test_the_views_are_image_mirror_image_crops_and_the_image_without_its_border() -> None:
    batches = list(PAINTINGS.batches(2))
    assert [len(batch) for batch in batches] == [2, 1, 2]
    views, images = np.concatenate(batches), np.concatenate(IMAGES)
    assert views.shape[1] == PAINTINGS.views == 5
    assert np.array_equal(views[:, 0], images)
    assert np.array_equal(views[:, 1], images[:, :, ::-1])
    assert np.array_equal(views[:, 2:4], np.concatenate(CROPS))
    assert np.array_equal(views[:, 4], without_border(images))
    plain = replace(PAINTINGS, mask_border=False)
    assert np.array_equal(np.concatenate(list(plain.batches(2))), views[:, :4])
