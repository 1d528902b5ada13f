"""Parts: a core behind its clock, flash and caches, and what boards say of their estimates."""

from __future__ import annotations

from boardless.cycles import calibration, parts
from boardless.cycles.parts import CacheShape, Part

from generated.cores import errors
from generated.writing import cell, code, table


def markdown() -> str:
    columns = ("part", "what", "core", "#MHz", "flash", "caches", "#programs", "#mean error")
    found = [parts.load(name) for name in parts.names()]
    rows = [
        [
            code(part.name),
            cell(part.description),
            code(part.core),
            f"{part.clock_hz / 1e6:g}",
            _flash(part),
            _caches(part),
            *errors(calibration.error(part.core, part.name))[:2],
        ]
        for part in found
    ]
    sources = table(("part", "source"), [[code(part.name), cell(_sources(part))] for part in found])
    return f"{table(columns, rows)}\n## Sources\n\n{sources}"


def _flash(part: Part) -> str:
    if part.flash is None:
        return "none waited for"
    ahead = ", reads ahead" if part.flash.prefetch else ""
    return f"{part.wait_states} waits, {part.flash.line_bytes} bytes{ahead}"


def _caches(part: Part) -> str:
    shapes = (("code", part.icache), ("data", part.dcache))
    return ", ".join(f"{name} {_bytes(shape)}" for name, shape in shapes if shape is not None)


def _bytes(shape: CacheShape) -> str:
    return f"{shape.lines * shape.line_bytes:,} bytes"


def _sources(part: Part) -> str:
    shapes = (part.flash, part.icache, part.dcache)
    return "; ".join(dict.fromkeys([part.source, *(s.source for s in shapes if s is not None)]))
