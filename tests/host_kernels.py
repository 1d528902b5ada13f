"""Runs compiled models on the host, in this process, under the undefined-behaviour sanitizer.

    outputs = HostModel(compile_graph(graph), tmp_path).run(inputs)
    first, second = HostModel.several(programs, tmp_path)

All kernels are built once; the generated C of one model, or of twenty, then takes some 50 ms to
compile. The same text goes into the firmware, but for the numbers behind names. Guard bytes around
the arena catch writes outside of it.
"""

from __future__ import annotations

import ctypes
import itertools
import re
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import kept
import numpy as np
import numpy.typing as npt
from boardless.core import paths
from boardless.model import compiler
from properties.records import HOST_VARIANTS

FLAGS = [
    "-std=c11",
    "-O1",
    "-g",
    "-fPIC",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-fsanitize=undefined",
    "-fno-sanitize-recover=all",
    "-fsanitize-undefined-trap-on-error",
]
INCLUDES = [f"-I{paths.FIRMWARE / part}" for part in ("kernels", "app", "hal")]
GUARD = 64  # bytes on either side of the arena
PATTERN = 0xA5
SERIAL = itertools.count()
# What the generated C calls its own; fields of structs may have the same names.
NAMES = re.compile(
    r"(?<![.\w])(arena|guarded|inputs|outputs|WEIGHTS|bl_weights|bl_the_model|bl_model_invoke)\b"
)


@cache
def kernel_library() -> Path:
    """Builds a library of every kernel, references and portable variants: to link a model to it
    takes a fraction of the time that linking the objects of all kernels into it takes."""
    command = ["gcc", *FLAGS, *INCLUDES]
    variants = "|".join(("ref", *HOST_VARIANTS))
    with kept.folder("host-kernels", command, kept.version("gcc")) as folder:
        library = folder / "kernels.so"
        if not library.is_file():
            sources = [
                source
                for source in sorted(paths.KERNELS.glob("*/*.c"))
                if source.parent.name == "layers" or re.search(rf"_({variants})$", source.stem)
            ]
            objects = [folder / f"{source.stem}.o" for source in sources]
            kept.all_compiled(command, dict(zip(sources, objects, strict=True)))
            half = folder / "half.so"
            kept.run([*command, "-shared", "-o", str(half), *map(str, objects), "-lm"])
            half.rename(library)
    return library


class HostModel:
    """A program as a shared library; `run` takes inputs (N, ...) in the model's own type."""

    def __init__(
        self,
        program: compiler.Program,
        folder: Path,
        library: ctypes.CDLL | None = None,
        number: int = 0,
    ) -> None:
        self.program, self.number = program, number
        self.library = library or _library([program], folder)
        size = program.arena.arena_bytes + 2 * GUARD
        self.memory = (ctypes.c_uint8 * size).in_dll(self.library, f"guarded_{number}")

    @classmethod
    def several(cls, programs: Sequence[compiler.Program], folder: Path) -> list[HostModel]:
        """Models in one library: to compile one or twenty of them takes about the same time."""
        library = _library(programs, folder)
        return [cls(program, folder, library, i) for i, program in enumerate(programs)]

    def invoke(self) -> int:
        """Returns the status of an inference on what the arena holds."""
        return int(getattr(self.library, f"bl_model_invoke_{self.number}")())

    def run(self, inputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Raw outputs (N, count)."""
        memory = np.ctypeslib.as_array(self.memory)
        outputs = []
        for number, picture in enumerate(inputs):
            if not (self.program.keeps_states and number):
                memory[:] = PATTERN
            data = np.frombuffer(np.ascontiguousarray(picture).tobytes(), np.uint8)
            if self.program.inputs:  # the model takes them from one array to their places
                several = (ctypes.c_uint8 * picture.nbytes).in_dll(
                    self.library, f"inputs_{self.number}"
                )
                np.ctypeslib.as_array(several)[:] = data
            else:
                self._at(self.program.input_offset, picture.nbytes)[:] = data
            status = self.invoke()
            assert status == 0, f"a kernel refused its parameters: status {status}"
            guards = np.concatenate([memory[:GUARD], memory[-GUARD:]])
            assert (guards == PATTERN).all(), "a kernel wrote outside of the arena"
            out = self.program.output
            raw = self._at(self.program.output_offset, out.nbytes)
            outputs.append(np.frombuffer(raw.tobytes(), out.dtype))
        return np.stack(outputs)

    def _at(self, offset: int, size: int) -> npt.NDArray[np.uint8]:
        memory = np.ctypeslib.as_array(self.memory)
        return memory[GUARD + offset : GUARD + offset + size]


def _library(programs: Sequence[compiler.Program], folder: Path) -> ctypes.CDLL:
    """The generated C of models as one source, in which the names of each get its number."""
    work = folder / f"models-{next(SERIAL)}"
    work.mkdir(parents=True)
    headers, parts, weights = ['#include "model.h"', "#include <string.h>"], [], []
    for number, program in enumerate(programs):
        files = compiler.emit(program)
        (work / f"weights_{number}.bin").write_bytes(files["weights.bin"])
        text = (
            files["weights.S"].decode().replace('"weights.bin"', f'"{work}/weights_{number}.bin"')
        )
        weights.append(NAMES.sub(rf"\1_{number}", text))
        settings = re.findall(r"#define (BL_\w+) (.+)", files["model_config.h"].decode())
        text = _guarded(files["model.c"].decode(), program.arena.arena_bytes)
        lines = [f"#define {name} {value}" for name, value in settings]
        lines += ["extern const uint8_t bl_weights[];", "bl_status bl_model_invoke(void);"]
        lines += ["extern const bl_model bl_the_model;"]
        for line in text.splitlines():
            (headers if line.startswith("#include") else lines).append(line)
        parts.append(NAMES.sub(rf"\1_{number}", "\n".join(lines)))
        parts += [f"#undef {name}" for name, _ in settings]
    used = [line for line in dict.fromkeys(headers) if line != '#include "model_config.h"']
    mark = "void bl_mark(uint32_t layer) { (void)layer; }\n"
    (work / "models.c").write_text("\n".join([*used, *parts, mark]))
    (work / "weights.S").write_text("\n".join(weights))
    library = work / "models.so"
    sources = [str(work / "models.c"), str(work / "weights.S")]
    command = ["gcc", *FLAGS, *INCLUDES, "-shared", "-o", str(library)]
    subprocess.run([*command, *sources, str(kernel_library())], check=True)
    return ctypes.CDLL(str(library))


def _guarded(text: str, size: int) -> str:
    """The arena of `size` bytes becomes part of a larger array, so that the bytes around it can be
    watched; what a model of several inputs reads can be reached."""
    head = f"static uint8_t arena[{size}] __attribute__((aligned(16)));"
    assert head in text
    guarded = f"uint8_t guarded[{size + 2 * GUARD}] __attribute__((aligned(16)));\n"
    guarded += f"#define arena (guarded + {GUARD})"
    text = text.replace("static uint8_t inputs[", "uint8_t inputs[")
    return text.replace(head, guarded).replace("sizeof arena", str(size))
