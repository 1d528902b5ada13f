"""The files of a model for TensorFlow Lite Micro, and what it takes to compile them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from boardless.device.records import Board
from boardless.model.compiler.emit import templates
from boardless.model.graph import Graph, Tensor
from boardless.runtimes import served
from boardless.runtimes.tflm.checkout import Checkout
from boardless.runtimes.tflm.compiler import Library

# As in the interpreter's own build called `release`, but with the optimisation of all else here.
FLAGS = (
    *("-w", "-fno-unwind-tables", "-fno-asynchronous-unwind-tables"),
    *("-DTF_LITE_STATIC_MEMORY", "-DTF_LITE_DISABLE_X86_NEON", "-DTF_LITE_MCU_DEBUG_LOG"),
    *("-DNDEBUG", "-DKERNELS_OPTIMIZED_FOR_SPEED"),
)
SILENT = "-DTF_LITE_STRIP_ERROR_STRINGS"
OF_CMSIS_NN = ("-DCMSIS_NN", "-DARM_NN_ENABLE_F16=0", "-DARM_NN_ENABLE_F32=0")
CXXFLAGS = ("-std=c++17", "-fno-rtti", "-fno-exceptions", "-fno-threadsafe-statics")
TEXT_BYTES = 236  # of the interpreter's reason to refuse a model


@dataclass(frozen=True)
class Needed:
    """An arena."""

    used: int  # bytes, as the interpreter reports it
    least: int  # bytes with which it begins
    at: tuple[int, int]  # where in it the first input and the first output lie


@dataclass(frozen=True)
class Files:
    """A model on its way into a firmware."""

    values: dict[str, Any]  # what templates print
    content: bytes
    checkout: Checkout
    codes: tuple[str, ...]  # the operators that it uses
    library: Library

    @classmethod
    def of(
        cls,
        graph: Graph,
        content: bytes,
        codes: Sequence[str],
        checkout: Checkout,
        library: Library,
    ) -> Files:
        known = checkout.operators()
        values = {
            "name": graph.name,
            "version": checkout.version,
            "operators": [known[code][0] for code in codes],
            "codes": codes,
            "resources": len(graph.states),  # that outlive an inference
            "inputs": [_copied(graph.tensors[i]) for i in graph.inputs],
            "outputs": [_copied(graph.tensors[i]) for i in graph.outputs],
            "reset": bool(graph.states) and not graph.keeps_states,
        }
        return cls(values, content, checkout, tuple(codes), library)

    @property
    def in_place(self) -> bool:
        """Returns whether input and output are what the interpreter has in its arena, so that the
        server reads and writes them there."""
        ports = [*self.values["inputs"], *self.values["outputs"]]
        return len(ports) == 2 and not any(port["flips"] for port in ports)

    def firmware(self, needed: Needed, *, layers: int) -> dict[str, bytes]:
        """Returns the files of the firmware itself."""
        at = {"at": needed.at, "inputs": [], "outputs": []} if self.in_place else {"at": None}
        return self._files("invoke.cc", arena_bytes=needed.least, layers=layers, **at)

    def probe(self, board: Board) -> dict[str, bytes]:
        """Returns those of the firmware that finds out what is needed."""
        static = 0 if board.linker_script else board.memory.ram_bytes // 2
        return self._files("probe.cc", static_bytes=static, text_bytes=TEXT_BYTES)

    def _files(self, main: str, **values: object) -> dict[str, bytes]:
        environment = templates(__package__)
        texts = {
            name: environment.get_template(f"{name}.j2").render(self.values | values)
            for name in (main, "operators.h", "flatbuffer.S")
        }
        return {name: text.encode() for name, text in texts.items()} | {
            "flatbuffer.bin": self.content
        }

    def needs(self, board: Board, *, silent: bool = True) -> served.Needs:
        """Returns folders, flags and sources; with the interpreter's messages unless `silent`."""
        start = templates(__package__).get_template("operators.h.j2").render(self.values)
        kernels = OF_CMSIS_NN if self.checkout.kernels else ()
        hidden = f"-ffile-prefix-map={self.checkout.root}=tflite-micro"
        return served.Needs(
            include=tuple(map(str, self.checkout.include)),
            flags=(*FLAGS, *([SILENT] if silent else []), *kernels, hidden),
            cxxflags=(*CXXFLAGS, *self.library.flags),
            sources=tuple(map(str, self.checkout.sources(self.codes, start))),
        )


def _copied(tensor: Tensor) -> dict[str, object]:
    return {"bytes": tensor.nbytes, "flips": tensor.own_dtype == "uint8" != tensor.dtype}
