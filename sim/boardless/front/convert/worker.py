"""The process that runs a converter for child.py: some models make one abort, and all are noisy.

    python worker.py CONVERTER PIPE

It reads requests from standard input and answers on what standard output was when it began; all
that the converter writes goes to standard error. It imports nothing of boardless but the folder of
converters, so that another Python can run it. A request is a line of JSON:

    {"do": "float32", "path": "net.onnx", "function": "", "folder": "/tmp/x", "file": "a.tflite"}
    {"do": "int8", "inputs": "inputs.npy", "file": "b.tflite"}

and so is the answer: {"versions": {"onnx2tf": "2.6.9"}, "pixels": ""}, or {"error": "refused",
"what": "...", "hint": "..."}, where instead of `refused` there may be `missing` (a package) or
`failed`.
"""

from __future__ import annotations

import fcntl
import importlib
import importlib.metadata
import importlib.util
import json
import os
import resource
import sys
import traceback
from pathlib import Path
from typing import Any

CONVERTERS = Path(__file__).with_name("converters")


class Answers:
    """Does what requests say, one after another."""

    def __init__(self, converter: str) -> None:
        self.package = _package()
        self.converter = importlib.import_module(f"{self.package.__name__}.{converter}")
        self.model: Any = None

    def answer(self, about: dict[str, Any]) -> dict[str, Any]:
        packages = self.converter.PACKAGES
        try:
            if missing := [p for p in packages if importlib.util.find_spec(p) is None]:
                return {"error": "missing", "what": missing[0]}
            return self.float32(about) if about["do"] == "float32" else self.int8(about)
        except self.package.Refused as error:
            return {"error": "refused", "what": error.what, "hint": error.hint}
        except ImportError as error:
            traceback.print_exc()
            if (error.name or "").partition(".")[0] in packages:
                return {"error": "failed", "what": f"{error.name} cannot be imported: {error}"}
            return {"error": "failed", "what": f"{error}"}
        except Exception as error:
            traceback.print_exc()
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            what = ": ".join([type(error).__name__, *lines[:1]])
            return {"error": "failed", "what": what}

    def float32(self, about: dict[str, Any]) -> dict[str, Any]:
        source = self.package.Source(Path(about["path"]), about["function"], Path(about["folder"]))
        self.model = self.converter.Model(source)
        Path(about["file"]).write_bytes(self.model.float32())
        versions = {name: _version(name) for name in self.converter.PACKAGES}
        return {"versions": versions, "pixels": getattr(self.model, "pixels", "")}

    def int8(self, about: dict[str, Any]) -> dict[str, Any]:
        import numpy as np

        inputs = np.load(about["inputs"])
        Path(about["file"]).write_bytes(self.model.int8(inputs))
        return {}


def _package() -> Any:
    """Returns the folder of converters as a package of a name that nothing else has."""
    name = "converters_of_boardless"
    spec = importlib.util.spec_from_file_location(
        name, CONVERTERS / "__init__.py", submodule_search_locations=[str(CONVERTERS)]
    )
    assert spec
    assert spec.loader
    sys.modules[name] = found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def _version(package: str) -> str:
    names = importlib.metadata.packages_distributions().get(package, [package])
    try:
        return importlib.metadata.version(names[0])
    except importlib.metadata.PackageNotFoundError:
        return ""


def main(converter: str) -> None:
    with os.fdopen(os.dup(1), "w", encoding="utf8") as answers:
        os.dup2(2, 1)
        worker = Answers(converter)
        for line in sys.stdin:
            answer = worker.answer(json.loads(line))
            sys.stdout.flush()  # into the log: this process may be killed next
            answers.write(json.dumps(answer) + "\n")
            answers.flush()


def die_with(pipe: int) -> None:
    """Has the kernel end this process, whatever it is doing, when the other end of `pipe` is
    closed."""
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)


if __name__ == "__main__":
    die_with(int(sys.argv[2]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(sys.argv[1])
