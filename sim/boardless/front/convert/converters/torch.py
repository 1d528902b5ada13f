"""PyTorch: an exported program, .pt2, or a function of a .py file, by LiteRT's converter.

Pictures of (N, C, H, W) become (N, H, W, C), as .tflite files have them. A .pt2 is taken only where
nothing in it is code: see check().
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import Refused, Source, fixed, single
from ._quantiser import PACKAGE, quantised

PACKAGES = ("torch", "litert_torch", PACKAGE)
SUFFIXES = (".pt2", ".py")
# What a node of an exported program may call. Its reader would take any function of torch.
TARGETS = re.compile(r"torch\.ops\.(aten|prims)\.\w+(\.\w+)?|_operator\.getitem")
PICKLES = ("custom_obj_", "opaque_obj_")  # of constants that are Python's objects
EXPORT = "torch.export.save(torch.export.export(module.eval(), (example,)), 'NAME.pt2')"


class Model:
    """A loaded model."""

    def __init__(self, source: Source) -> None:
        self.folder = source.folder
        if source.path.suffix == ".py":
            module, inputs = _made(source.path, source.function)
        else:
            module, inputs = _exported(source.path)
        self.module, self.sample = _channels_last(module, inputs)

    def float32(self) -> bytes:
        import litert_torch

        made = litert_torch.convert(self.module, (self.sample,))
        path = self.folder / "float32.tflite"
        made.export(str(path))
        return path.read_bytes()

    def int8(self, inputs: Any) -> bytes:
        return quantised((self.folder / "float32.tflite").read_bytes(), inputs, self.folder)


def check(path: Path) -> None:
    """Raises Refused for an exported program that is none, or in which anything could be code: to
    read it would run pickles, compiled objects, expressions of sizes, and calls of any function."""
    if path.suffix == ".py":
        return
    try:
        with zipfile.ZipFile(path) as file:
            names = file.namelist()
            graphs = [json.loads(file.read(n)) for n in names if _is_graph(n)]
            weights = [json.loads(file.read(n)) for n in names if n.endswith("_config.json")]
    except (OSError, zipfile.BadZipFile, ValueError, RuntimeError, RecursionError) as error:
        raise Refused(f"this is no exported program ({error})", f"write one by {EXPORT}") from error
    if not graphs:
        raise Refused("this is no exported program of torch 2.8 or later", f"write one by {EXPORT}")
    files = [name.partition("/")[2] for name in names]
    if len(set(files)) != len(files):
        raise Refused("the archive has two files of one name")
    compiled = [name for name in files if name.startswith("data/aotinductor")]
    if compiled or any(name.rpartition("/")[2].startswith(PICKLES) for name in files):
        raise Refused("the archive holds compiled code or Python's objects, which would run")
    if any(key == "use_pickle" and value for key, value in _pairs(weights)):
        raise Refused("the archive holds pickled weights, which may run code")
    for key, value in _pairs(graphs):
        if key in ("expr_str", "as_expr"):
            raise Refused(
                "its sizes are not fixed",
                "a microcontroller needs all sizes: export it without dynamic_shapes",
            )
        if key == "target" and isinstance(value, str) and not TARGETS.fullmatch(value):
            raise Refused(f"it calls {value!r}, which is no operation of PyTorch's ATen")


def _is_graph(name: str) -> bool:
    return re.fullmatch(r"[^/]+/models/[^/]+\.json", name) is not None


def _pairs(tree: Any) -> Iterator[tuple[str, Any]]:
    """Yields all keys and values of JSON."""
    waiting = [tree]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            yield from found.items()
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found


def _exported(path: Path) -> tuple[Any, tuple[Any, ...]]:
    """Returns the module of an exported program, and the example that it was exported with."""
    import torch

    load = torch.load

    def without_code(*arguments: Any, **options: Any) -> Any:
        return load(*arguments, **{**options, "weights_only": True})

    torch.load = without_code  # the reader of programs falls back to what runs pickles
    try:
        program = torch.export.load(path)
    finally:
        torch.load = load
    if program.example_inputs is None:
        raise Refused("it holds no example of its input", f"write one by {EXPORT}")
    return program.module(), program.example_inputs[0]


def _made(path: Path, function: str) -> tuple[Any, tuple[Any, ...]]:
    """Returns what a function of a .py file returns: a module, and an example of its input."""
    import torch

    sys.path.insert(0, str(path.parent))  # for what it imports
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None  # true of every path that ends in .py
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    if not callable(getattr(module, function, None)):
        raise Refused(f"there is no function {function!r}", "name it as in net.py:make")
    found = getattr(module, function)()
    if not (isinstance(found, tuple) and len(found) == 2 and isinstance(found[0], torch.nn.Module)):
        raise Refused(f"{function}() does not return (module, example input)")
    network, example = found
    inputs = example if isinstance(example, tuple) else (example,)
    if not all(isinstance(each, torch.Tensor) for each in inputs):
        raise Refused(f"{function}() returns an example input that is no tensor")
    return network.eval(), tuple(each[:1] for each in inputs)


def _channels_last(module: Any, inputs: tuple[Any, ...]) -> tuple[Any, Any]:
    """Returns a module that takes pictures as (N, H, W, C), and an example."""
    import litert_torch

    single([str(number) for number in range(len(inputs))])
    (sample,) = inputs
    fixed("0", list(sample.shape))
    if sample.dim() != 4:
        return module, sample
    wrapped = litert_torch.to_channel_last_io(module, args=[0])
    return wrapped, sample.permute(0, 2, 3, 1).contiguous()
