"""The process that runs TFLite's interpreter for interpreter.py, because some models make it abort.

It reads requests from standard input and answers on standard output. It imports nothing of
boardless, so it starts in a moment.

A request is a line of JSON, then the model's bytes, then the inputs':
    {"content": 1234, "dtype": "int8", "shape": [2, 28, 28, 3]}
The answer is a line of JSON, then the outputs of each picture as soon as it is computed:
    {"dtype": "int8", "bytes": 10}   or   {"error": "..."}
"""

from __future__ import annotations

import fcntl
import functools
import json
import os
import resource
import select
import sys
from typing import IO, Any

MEMORY = 8 << 30  # bytes of address space; a model for a microcontroller needs a hundredth


def main() -> None:
    import numpy as np

    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while line := requests.readline():
        about = json.loads(line)
        content = _exactly(requests, about["content"])
        shape, dtype = tuple(about["shape"]), np.dtype(about["dtype"])
        count = int(np.prod(shape))
        raw = _exactly(requests, count * dtype.itemsize)
        inputs = np.frombuffer(raw, dtype).reshape(shape)
        begun = False
        try:
            fresh = functools.partial(_interpreter, content)
            interpreter = fresh()
            resets = not about["keep_state"] and _has_state(interpreter)
            if not len(inputs):  # whether it takes the model is the question
                output = _outputs(interpreter)
                _say(answers, {"dtype": output.dtype.name, "bytes": output.nbytes})
            for number, picture in enumerate(inputs):
                if resets and number:
                    interpreter = fresh()
                _feed(interpreter, picture)
                interpreter.invoke()
                output = _outputs(interpreter)
                if not begun:
                    _say(answers, {"dtype": output.dtype.name, "bytes": output.nbytes})
                    begun = True
                answers.write(output.tobytes())
                answers.flush()
        except (RuntimeError, ValueError, MemoryError) as error:
            if begun:  # the caller waits for outputs: let it see an end
                raise
            _say(answers, {"error": (str(error).splitlines() or [type(error).__name__])[0]})


def _has_state(interpreter: Any) -> bool:
    """Returns whether anything outlives an inference: variables are of a type without numbers."""
    import numpy as np

    return any(np.dtype(t["dtype"]).kind not in "fiubc" for t in interpreter.get_tensor_details())


def _feed(interpreter: Any, picture: Any) -> None:
    """Sets the model's input; several inputs are the bytes of `picture`, one after another."""
    import numpy as np

    sources = interpreter.get_input_details()
    at = 0
    for source in sources:
        fed = picture
        if len(sources) > 1:
            dtype = np.dtype(source["dtype"])
            size = int(np.prod(source["shape"])) * dtype.itemsize
            fed = np.frombuffer(picture.tobytes()[at : at + size], dtype)
            fed = fed ^ np.uint8(0x80) if dtype == np.uint8 else fed
            at += size
        fed = _other_sign(fed.reshape(source["shape"]), source["dtype"], np.int8)
        interpreter.set_tensor(source["index"], fed)


def _outputs(interpreter: Any) -> Any:
    """Returns the model's output, flat; of several the bytes, one after another."""
    import numpy as np

    found = [
        _other_sign(interpreter.get_tensor(target["index"]).reshape(-1), np.int8, np.uint8)
        for target in interpreter.get_output_details()
    ]
    if len(found) == 1:
        return found[0]
    return np.frombuffer(b"".join(each.tobytes() for each in found), np.int8)


def _interpreter(content: bytes) -> Any:
    """Returns an interpreter with the reference kernels. There are none of CEIL, ELU and ROUND: a
    model with one of them gets the optimised kernels, of which these are the only ones."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    def made(kernels: OpResolverType) -> Any:
        found = Interpreter(
            model_content=content, experimental_op_resolver_type=kernels, num_threads=1
        )
        found.allocate_tensors()
        return found

    try:
        return made(OpResolverType.BUILTIN_REF)
    except ValueError as error:
        if "Didn't find op" not in str(error):
            raise
        return made(OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)


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
    die_with(int(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
