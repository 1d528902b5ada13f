"""The process that runs an interpreter for interpreter.py, because some models make it abort.

    python worker.py FILE KERNELS PIPE

FILE is the interpreter.py of a profile's folder. It reads requests from standard input and answers
on standard output. It imports nothing of boardless, so it starts in a moment.

A request is a line of JSON, then the model's bytes, then the inputs':
    {"content": 1234, "dtype": "int8", "shape": [2, 28, 28, 3]}
With "tensors": [4, 7] the values of these tensors are asked for, as bytes one after another,
instead of the outputs. The answer is a line of JSON, then the outputs of each picture as soon as it
is computed:
    {"dtype": "int8", "bytes": 10}   or   {"error": "...", "explained": false}
where `explained` means that a line on standard error says more.
"""

from __future__ import annotations

import fcntl
import functools
import importlib.util
import json
import os
import resource
import select
import sys
from typing import IO, Any

MEMORY = 8 << 30  # bytes of address space; a model for a microcontroller needs a hundredth


def main(file: str, kernels: str) -> None:
    import numpy as np

    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    library = _loaded(file)
    while line := requests.readline():
        about = json.loads(line)
        content = _exactly(requests, about["content"])
        shape, dtype = tuple(about["shape"]), np.dtype(about["dtype"])
        count = int(np.prod(shape))
        raw = _exactly(requests, count * dtype.itemsize)
        inputs = np.frombuffer(raw, dtype).reshape(shape)
        begun = False
        try:
            fresh = functools.partial(library.Model, content, kernels)
            if tensors := about.get("tensors", ()):
                fresh = functools.partial(fresh, keep_all=True)
            model = fresh()
            resets = not about["keep_state"] and model.has_state()
            if not len(inputs):  # whether it takes the model is the question
                output = _output(model)
                _say(answers, {"dtype": output.dtype.name, "bytes": output.nbytes})
            for number, picture in enumerate(inputs):
                if resets and number:
                    model = fresh()
                elif number and not about["keep_state"]:
                    model.reset()
                model.invoke(_values(model, picture))
                output = _tensors(model, tensors) if tensors else _output(model)
                if not begun:
                    _say(answers, {"dtype": output.dtype.name, "bytes": output.nbytes})
                    begun = True
                answers.write(output.tobytes())
                answers.flush()
        except (RuntimeError, ValueError, MemoryError) as error:
            if begun:  # the caller waits for outputs: let it see an end
                raise
            why = (str(error).splitlines() or [type(error).__name__])[0]
            _say(answers, {"error": why, "explained": getattr(library, "EXPLAINS", False)})


def _loaded(file: str) -> Any:
    """Returns the module of a file."""
    spec = importlib.util.spec_from_file_location("interpreter_of_profile", file)
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def _values(model: Any, picture: Any) -> list[Any]:
    """Returns the value of each input; several are the bytes of `picture`, one after another."""
    import numpy as np

    sources = model.inputs()
    values, at = [], 0
    for shape, dtype in sources:
        fed = picture
        if len(sources) > 1:
            size = int(np.prod(shape)) * dtype.itemsize
            fed = np.frombuffer(picture.tobytes()[at : at + size], dtype)
            fed = fed ^ np.uint8(0x80) if dtype == np.uint8 else fed
            at += size
        values.append(_other_sign(fed.reshape(shape), dtype, np.int8))
    return values


def _output(model: Any) -> Any:
    """Returns the model's output, flat; of several the bytes, one after another."""
    import numpy as np

    found = [_other_sign(values, np.int8, np.uint8) for values in model.outputs()]
    if len(found) == 1:
        return found[0]
    return np.frombuffer(b"".join(each.tobytes() for each in found), np.int8)


def _tensors(model: Any, numbers: list[int]) -> Any:
    """Returns the bytes of tensors, one after another."""
    import numpy as np

    return np.frombuffer(b"".join(model.tensor(n).tobytes() for n in numbers), np.int8)


def _say(answers: IO[bytes], what: dict[str, Any]) -> None:
    answers.write(json.dumps(what).encode() + b"\n")
    answers.flush()


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        sys.exit(0)  # the caller has gone
    return data


def _other_sign(values: Any, wanted: Any, held: Any) -> Any:
    """Returns q + 128 or q - 128, where `values` are `held` and the other of int8 and uint8 is
    wanted."""
    import numpy as np

    if values.dtype == held and np.dtype(wanted).itemsize == 1 and values.dtype != wanted:
        return (values.view(np.uint8) ^ 0x80).view(wanted)
    return values


def die_with(pipe: int) -> None:
    """Has the kernel end this process when the other end of `pipe` is closed, whatever it is doing
    then: SIGIO, which nobody handles."""
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([pipe], [], [], 0)[0]:  # closed already
        sys.exit(0)


if __name__ == "__main__":
    die_with(int(sys.argv[3]))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(sys.argv[1], sys.argv[2])
