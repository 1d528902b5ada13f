"""A checkout of tflite-micro that the user names, and the part of it that a model needs.

found = checkout.find("cmsis_nn")
found.version                         # "tflite-micro 90b983c2b3f1, sources 0f3a..., cmsis_nn"
found.sources(["CONV_2D", "SOFTMAX"], start)
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from boardless.core.errors import BadInput, ToolMissing
from boardless.device.build import check_path
from boardless.runtimes import cmsis, version_of

VARIABLE = "BOARDLESS_TFLM"
CMSIS_NN = "cmsis_nn"
MICRO = "tensorflow/lite/micro"
MAKE = f"{MICRO}/tools/make"
DOWNLOADS = f"{MAKE}/downloads"
RESOLVER = f"{MICRO}/micro_mutable_op_resolver.h"
# A file of each of its downloads without which nothing compiles.
NEEDED = {
    "flatbuffers": "include/flatbuffers/flatbuffers.h",
    "gemmlowp": "fixedpoint/fixedpoint.h",
    "ruy": "ruy/profiler/instrumentation.h",
}
INCLUDE = ("", "gemmlowp", "flatbuffers/include", "ruy")  # of its downloads, after its own root
OF_CMSIS_NN = ("", "Include")
HASHED = (  # folders of which something can get into a firmware
    *(
        "tensorflow/compiler",
        "tensorflow/lite/c",
        "tensorflow/lite/core",
        "tensorflow/lite/kernels",
    ),
    *("tensorflow/lite/schema", f"{MICRO}/arena_allocator", f"{MICRO}/kernels"),
    *(f"{MICRO}/memory_planner", f"{MICRO}/tflite_bridge"),
    *(f"{DOWNLOADS}/flatbuffers/include", f"{DOWNLOADS}/gemmlowp/fixedpoint"),
    *(f"{DOWNLOADS}/gemmlowp/internal", f"{DOWNLOADS}/ruy/ruy/profiler"),
)
# DebugLog is in the generated file. The resolver includes the headers of all kernels.
OWN, EVERYTHING = f"{MICRO}/debug_log.cc", (RESOLVER, f"{MICRO}/kernels/micro_ops.h")


@dataclass(frozen=True)
class Checkout:
    """A checkout that has all that a build needs; `kernels` is "cmsis_nn", or "" for the reference
    kernels."""

    root: Path
    kernels: str = ""

    @property
    def downloads(self) -> Path:
        return self.root / DOWNLOADS

    @property
    def include(self) -> tuple[Path, ...]:
        """Returns the folders in which its files look for others."""
        found = [self.root, *(self.downloads / name for name in INCLUDE)]
        if self.kernels:
            found += [self.downloads / CMSIS_NN / name for name in OF_CMSIS_NN]
        return tuple(found)

    @functools.cached_property
    def version(self) -> str:
        """Returns its revision, and a digest of its sources: they may differ from the revision's,
        and its downloads are not in it."""
        folders = [*HASHED, *([f"{DOWNLOADS}/{CMSIS_NN}"] if self.kernels else [])]
        files = version_of.files(self.root, [MICRO], deep=False)
        files += version_of.files(self.root, folders)
        kernels = f", {self.kernels}" if self.kernels else ""
        return version_of.described("tflite-micro", self.root, files) + kernels

    def operators(self) -> dict[str, tuple[str, str]]:
        """Returns (the resolver's method that adds an operator, the name under which its kernel is
        registered) by the operators that there are, such as CONV_2D."""
        text = (self.root / RESOLVER).read_text(errors="replace")
        method = r"TfLiteStatus (Add\w+)\(([^{}]*)\)\s*\{\s*return AddBuiltin\(([^;]*);"
        found = {}
        for name, parameters, body in re.findall(method, text):
            operator = re.search(r"BuiltinOperator_(\w+)", body)
            registered = re.search(r"Register_(\w+)\(\)", parameters + body)
            if operator and registered:
                found[operator[1]] = name, registered[1]
        return found

    def sources(self, operators: Iterable[str], start: str) -> tuple[Path, ...]:
        """Returns the files to compile, sorted: those that `start`, a text that includes headers,
        needs for the kernels of some operators."""
        known, registered = self.operators(), _registered(self.root / MICRO / "kernels")
        kernels = [registered[known[op][1]] for op in operators]
        found = self._closure([*_included(start), *kernels])
        if self.kernels:
            found |= cmsis.called(self.downloads / CMSIS_NN, found)
        return tuple(sorted(found))

    def _closure(self, names: Sequence[str]) -> set[Path]:
        """Returns the files that some files and headers need: the one that is named like a header
        holds what the header declares, and so does one whose name ends in _common."""
        waiting, seen, found = [*names], set[str](), set[Path]()
        while waiting:
            name = waiting.pop()
            if name in seen or name == OWN:
                continue
            seen.add(name)
            stem, _, kind = name.rpartition(".")
            if kind == "h":
                waiting += [f"{stem}.cc", f"{stem}_common.cc"]
            for path in self._named(name):
                if kind != "h":
                    found.add(path)
                if name not in EVERYTHING:
                    waiting += _included(path.read_text(errors="replace"))
        return found

    def _named(self, name: str) -> Iterator[Path]:
        """Gives the file of a name in an #include, the optimised one where there is one."""
        folder, _, last = name.rpartition("/")
        if self.kernels and folder == f"{MICRO}/kernels":
            path = self.root / folder / self.kernels / last
            if path.is_file():
                yield path
                return
        if (path := self.root / name).is_file():
            yield path


def find(kernels: str = "") -> Checkout:
    """Returns the checkout that BOARDLESS_TFLM names; ToolMissing where there is none, or where it
    lacks something."""
    if kernels not in ("", CMSIS_NN):
        raise BadInput(f"tflm has no kernels {kernels!r}", hint=f"known: {CMSIS_NN}")
    named = os.environ.get(VARIABLE, "")
    if not named:
        raise ToolMissing(
            "tflm needs a checkout of tflite-micro", hint=f"set {VARIABLE} to its folder"
        )
    root = Path(named).absolute()
    check_path(root, "move the checkout to another folder")
    if not (root / RESOLVER).is_file():
        raise ToolMissing(
            f"this is no checkout of tflite-micro: {RESOLVER} is not there",
            where=f"{VARIABLE}={named}",
        )
    needed = {**NEEDED, **({CMSIS_NN: "Include/arm_nnfunctions.h"} if kernels else {})}
    lacking = [
        name for name, file in needed.items() if not (root / DOWNLOADS / name / file).is_file()
    ]
    if lacking:
        with_kernels = f"OPTIMIZED_KERNEL_DIR={kernels} " if kernels else ""
        raise ToolMissing(
            f"the checkout lacks its downloads {', '.join(lacking)}",
            where=f"{VARIABLE}={named}",
            hint=f"in it, run make -f {MAKE}/Makefile {with_kernels}third_party_downloads",
        )
    return Checkout(root, kernels)


def is_named() -> bool:
    """Returns whether the user names a checkout."""
    return bool(os.environ.get(VARIABLE))


def _included(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r'^\s*#\s*include\s+"(tensorflow/[^"]+)"', text, re.M))


def _registered(folder: Path) -> dict[str, str]:
    """Returns the files of the reference kernels by the operators that they register."""
    found = {}
    for path in sorted(folder.glob("*.cc")):
        if not path.stem.endswith("_test"):
            text = path.read_text(errors="replace")
            for operator in re.findall(r"^TFLMRegistration\*? Register_(\w+)\(\)", text, re.M):
                found[operator] = f"{MICRO}/kernels/{path.name}"
    return found
