"""Checks that must hold on the board, at every commit."""

import numpy as np
import pytest


def test_it_predicts_what_the_reference_predicts(boardless_device, boardless_pictures):
    inputs = boardless_pictures.inputs
    assert np.array_equal(boardless_device.predict_all(inputs), boardless_device.reference(inputs))


def test_it_tells_the_classes_apart(boardless_device, boardless_pictures):
    outputs = boardless_device.predict_all(boardless_pictures.inputs)
    assert list(outputs.argmax(axis=1)) == list(boardless_pictures.labels)


def test_it_still_fits(boardless_firmware, boardless_board):
    assert boardless_firmware.flash_bytes < 24_576
    assert boardless_firmware.arena_bytes < 1_024
    assert boardless_firmware.static_ram_bytes < boardless_board.memory.ram_bytes


def test_it_is_still_as_fast(boardless_device, boardless_board, boardless_pictures):
    if boardless_board.name == "host":
        pytest.skip("a program of the host: nobody counts")
    picture = boardless_pictures.inputs[0]
    assert boardless_device.predict(picture).instructions < 30_000
    assert boardless_device.cycles(picture, "cortex-m4").median < 60_000
