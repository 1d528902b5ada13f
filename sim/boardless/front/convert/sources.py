"""The converter of a model that is no .tflite, by its name and what it is.

name, path, function = find("net.py:make")       # "torch", Path("net.py"), "make"
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

from boardless.core.errors import BadInput
from boardless.front.convert import converters

HINT = (
    "a .keras or .h5, the folder of a SavedModel, a .pt2, FILE.py:FUNCTION that returns a module "
    "and an example input, or a .onnx"
)
PICKLES = (".pt", ".pth", ".pkl", ".ckpt", ".bin", ".joblib")


def names() -> list[str]:
    found = pkgutil.iter_modules(converters.__path__)
    return sorted(module.name for module in found if not module.name.startswith("_"))


def load(name: str) -> Any:
    return importlib.import_module(f"{converters.__name__}.{name}")


def find(text: str) -> tuple[str, Path, str]:
    """Returns the converter for a model, the model's path, and the function of a .py file. BadInput
    where there is no such file, or nothing converts it, or it must not be loaded."""
    whole, function = Path(text), ""
    before, _, after = text.rpartition(":")
    if before.endswith(".py") and not whole.exists():
        whole, function = Path(before), after
    if not whole.exists():
        raise BadInput("no such file", where=text, hint=HINT)
    for name in names():
        converter = load(name)
        if whole.is_file() and whole.suffix.lower() in converter.SUFFIXES:
            break
        if hasattr(converter, "takes") and converter.takes(whole):
            break
    else:
        raise BadInput(*_unknown(whole), where=text)
    if whole.suffix == ".py" and not function.isidentifier():
        raise BadInput("which function makes the module?", where=text, hint=f"{text}:FUNCTION")
    if hasattr(converter, "check"):
        try:
            converter.check(whole)
        except converters.Refused as error:
            raise BadInput(error.what, where=text, hint=error.hint) from error
    return name, whole, function


def _unknown(path: Path) -> tuple[str]:
    if path.is_dir():
        return ("the folder has no saved_model.pb: it is no SavedModel",)
    if path.suffix.lower() == ".tflite":
        return ("this is a .tflite already: `boardless run` takes it",)
    if path.suffix.lower() in PICKLES:
        return (
            "this may be a pickle, which runs code when it is loaded: write a .pt2 with "
            "torch.export.save, or name a function that makes the module, FILE.py:FUNCTION",
        )
    return (f"nothing converts such a file; it takes {HINT}",)
