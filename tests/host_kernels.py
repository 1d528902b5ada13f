"""Runs compiled models on the host, in this process, under the undefined-behaviour sanitizer.

    outputs = HostModel(compile_graph(graph), tmp_path).run(inputs)

All kernels are built once; a model's generated C then takes some 50 ms to compile. The
same files go into the firmware. Guard bytes around the arena catch writes outside of it.
"""

from __future__ import annotations

import ctypes
import hashlib
import itertools
import re
import subprocess
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


@cache
def kernel_objects() -> list[str]:
    """Object files of every kernel: references and portable variants."""
    command = ["gcc", *FLAGS, *INCLUDES]
    objects = []
    variants = "|".join(("ref", *HOST_VARIANTS))
    with kept.folder("host-kernels", command, kept.version("gcc")) as folder:
        for source in sorted(paths.KERNELS.glob("*/*.c")):
            if source.parent.name != "layers" and not re.search(rf"_({variants})$", source.stem):
                continue
            target, half = folder / f"{source.stem}.o", folder / "half.o"
            if not target.is_file():
                kept.compiled(command, source, half)
                half.rename(target)
            objects.append(str(target))
    return objects


class HostModel:
    """A program as a shared library; `run` takes inputs (N, ...) in the model's own type."""

    serial = itertools.count()

    def __init__(self, program: compiler.Program, folder: Path) -> None:
        self.program = program
        files = compiler.emit(program)
        digest = hashlib.sha256(b"".join(files.values())).hexdigest()[:12]
        work = folder / f"{digest}-{next(self.serial)}"
        work.mkdir(parents=True)
        for name, content in files.items():
            (work / name).write_bytes(content)
        # The arena becomes part of a larger array, so that the bytes around it can be watched.
        text = (work / "model.c").read_text()
        size = program.arena.arena_bytes
        head = f"static uint8_t arena[{size}] __attribute__((aligned(16)));"
        assert head in text
        guarded = (
            f"uint8_t guarded[{size + 2 * GUARD}] __attribute__((aligned(16)));\n"
            f"#define arena (guarded + {GUARD})"
        )
        text = text.replace("static uint8_t inputs[", "uint8_t inputs[")
        text = text.replace(head, guarded).replace("sizeof arena", str(size))
        (work / "model.c").write_text(text + "\nvoid bl_mark(uint32_t layer) { (void)layer; }\n")
        library = work / "model.so"
        sources = [str(work / "model.c"), str(work / "weights.S")]
        command = ["gcc", *FLAGS, *INCLUDES, f"-I{work}", "-shared", "-o", str(library)]
        subprocess.run([*command, *sources, *kernel_objects(), "-lm"], check=True)
        self.library = ctypes.CDLL(str(library))
        self.memory = (ctypes.c_uint8 * (size + 2 * GUARD)).in_dll(self.library, "guarded")

    def run(self, inputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Raw outputs (N, count)."""
        memory = np.ctypeslib.as_array(self.memory)
        outputs = []
        for number, picture in enumerate(inputs):
            if not (self.program.keeps_states and number):
                memory[:] = PATTERN
            data = np.frombuffer(np.ascontiguousarray(picture).tobytes(), np.uint8)
            if self.program.inputs:  # the model takes them from one array to their places
                several = (ctypes.c_uint8 * picture.nbytes).in_dll(self.library, "inputs")
                np.ctypeslib.as_array(several)[:] = data
            else:
                self._at(self.program.input_offset, picture.nbytes)[:] = data
            status = self.library.bl_model_invoke()
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
