"""Checks that must hold on the board, at every commit."""

import numpy as np
import pytest


def test_it_predicts_what_the_reference_predicts(device, pictures):
    outputs = device.predict_all(pictures.inputs)
    assert np.array_equal(outputs, device.reference(pictures.inputs))


def test_it_tells_the_classes_apart(device, pictures):
    outputs = device.predict_all(pictures.inputs)
    assert list(outputs.argmax(axis=1)) == list(pictures.labels)


def test_it_still_fits(firmware, board):
    assert firmware.flash_bytes < 24_576
    assert firmware.arena_bytes < 1_024
    assert firmware.static_ram_bytes < board.memory.ram_bytes


def test_it_is_still_as_fast(device, board, pictures):
    if board.name == "host":
        pytest.skip("a program of the host: nobody counts")
    assert device.predict(pictures.inputs[0]).instructions < 30_000
    assert device.cycles(pictures.inputs[0], "cortex-m4").median < 60_000
