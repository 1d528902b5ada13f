"""Published tables next to boardless's own figures."""

from __future__ import annotations

import pytest
from boardless.core.errors import BadInput
from boardless.front import tables
from boardless.model import published, zoo
from boardless.path import quiet
from boardless.report import tables as report


def test_every_published_model_is_here() -> None:
    names = {m for m, figures in published.MEMORY.items() if figures.part}
    for name in names | {time.model for time in published.TIMES}:
        assert zoo.find(name).graph.operators


def test_sums_of_published_sizes_are_those_of_the_source() -> None:
    """The source prints totals, too; one of them is 186.95, and no sum of its columns."""
    kib = {
        "fdmobilenet_025_128": (70.36, 186.48),
        "fdmobilenet_025_224": (171.28, 186.98),
        "st_fdmobilenet_v1_128": (88.43, 205.05),
        "st_fdmobilenet_v1_224": (225.89, 205.1),
    }
    for name, (ram, flash) in kib.items():
        figures = published.MEMORY[name]
        assert figures.ram_bytes == pytest.approx(ram * published.KIB, abs=6)
        assert figures.flash_bytes == pytest.approx(flash * published.KIB, abs=6)


def test_networks_have_the_published_macs_and_parameters() -> None:
    """One row of the source says 4.14 million parameters, and another 4.24 of the same network."""
    for row in tables.widths(published.WIDTHS):
        assert row.macs == pytest.approx(1e6 * row.published.macs, rel=0.04)
        stated = 4.24 if row.published.alpha == 1 else row.published.parameters
        assert row.parameters == pytest.approx(1e6 * stated, rel=0.01)


def test_a_part_of_which_nothing_is_published() -> None:
    with pytest.raises(BadInput, match="no published figures of the part 'rp2040'; there are some"):
        tables.measured(quiet, ["rp2040"])


def test_widths_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    found = report.Tables([], [], tables.widths(published.WIDTHS[-1:]))
    report.show(found)
    text = capsys.readouterr().out
    assert "|  0.25 |  128 |               14 |   13.6 |" in text
    assert "Memory" not in text
