"""A model as a folder of C that needs nothing else: no boardless, no libc but memcpy and memset.

content = files(zoo.find("digits_cnn:int8"), boards.load("mps2-an386"))
folder.write(content, Path("digits"))

kernels.py    the sources of the kernels that a model calls, under names that cannot clash
api.py        the generated C: the model's functions and what they check
manifest.py   the record of all that went into the folder
sketch.py     a class for sketches, and a picture to classify
forms/        the folder in the form of an ecosystem, each by its name
folder.py     writes the folder whole or not at all
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from boardless.core import paths
from boardless.core.errors import ToolFailed
from boardless.device.records import Board
from boardless.front.standalone import api, forms, kernels, manifest
from boardless.front.standalone.figures import Figures
from boardless.model import compiler
from boardless.model.compiler.emit import described as printed
from boardless.model.zoo import Model

LICENSE = paths.ROOT / "LICENSE"


def files(
    model: Model,
    board: Board,
    *,
    fold: bool = True,
    form: str = forms.PLAIN,
    figures: Figures | None = None,
) -> Mapping[str, bytes]:
    """Returns the contents of the folder by path. Equal arguments give equal bytes. The kernels are
    those that `board` runs best; variables live in the caller's arena."""
    graph = model.graph.replace(keeps_states=True)
    program = compiler.compile_graph(graph, board.variants, fold=fold)
    sources = kernels.sources({layer.call.function for layer in program.layers})
    values, weights = printed(program)
    figures = figures or Figures()
    names = api.names(model.graph, program)
    about = manifest.of(model, board, program, sources, names, weights, figures) | {
        "reference": graph.profile,
        "folded": fold,
        "form": form,
    }
    values |= {
        "names": names,
        "about": about,
        "board": board,
        "figures": figures,
        "model": model,
    }
    found = {
        f"src/{names.prefix}.h": api.render("model.h.j2", values),
        f"src/{names.prefix}.c": api.render("model.c.j2", values),
        f"src/{names.prefix}_weights.c": api.weights(names, weights),
        **{f"src/kernels/{name}": content for name, content in sources.files().items()},
        "LICENSE": _license(),
    }
    values["sources"] = sorted(path for path in found if path.endswith(".c"))
    found |= {
        "README.md": api.render("README.md.j2", values),
        **forms.load(form).files(values, found),
    }
    return found | {manifest.NAME: manifest.encoded(about, found)}


def described(content: Mapping[str, bytes]) -> dict[str, Any]:
    """Returns the manifest of a folder's contents."""
    about: dict[str, Any] = json.loads(content[manifest.NAME])
    return about


def _license() -> bytes:
    try:
        return LICENSE.read_bytes()
    except OSError as error:
        raise ToolFailed(
            "the licence of the kernels is missing", where=str(LICENSE), hint="install it again"
        ) from error
