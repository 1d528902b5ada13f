"""Handwritten digits 8x8: small enough that every test can afford all of its test pictures.

    >>> len(load().test)
    359

The pictures are those of scikit-learn's load_digits, in digits.npz here; digits.LICENSE.txt says
where they come from.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from boardless.data.datasets import Dataset, Split

PACKAGED = True
FILE = Path(__file__).with_suffix(".npz")


def load() -> Dataset:
    """Returns 1,797 pictures uint8 (N, 8, 8, 1), pixels 0..16, in file order: 1078 / 360 / 359."""
    with np.load(FILE) as file:
        images, labels = file["images"][..., np.newaxis], file["labels"].astype(np.int64)
    # File order, not shuffled: neighbours in the file share a writer, so a shuffled split would
    # test on writers seen in training. Test comes before validation, as published figures have it.
    end_train = int(0.6 * len(images))
    end_test = int(0.2 * len(images) + end_train)
    return Dataset(
        name="digits",
        classes=tuple(str(digit) for digit in range(10)),
        train=Split(images[:end_train], labels[:end_train]),
        validation=Split(images[end_test:], labels[end_test:]),
        test=Split(images[end_train:end_test], labels[end_train:end_test]),
        origin="scikit-learn load_digits, split 60/20/20 in file order",
    )
