"""The outputs of a better model of the zoo for pictures, from which its students learn.

opinions = Teacher("mobilenet_v1_025_at_128", dataset).opinions(recipe, view=0)
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import recipes
from augment import changed
from boardless.core.errors import BadInput
from boardless.data import datasets
from boardless.data.pictures import as_real
from numpy.typing import NDArray
from protocol import published

# Students that see the same changed pictures share the outputs of a teacher.
CACHE = Path(__file__).parent / "checkpoints" / "opinions"


class Teacher:
    """A committed float model; its .tflite is all that is asked of it."""

    def __init__(
        self, name: str, dataset: datasets.Dataset, *, features: bool = False, maps: bool = False
    ) -> None:
        folder = recipes.ZOO / name
        self.results = recipes.read_results(folder)
        path = folder / "float32.tflite"
        try:
            self.content = path.read_bytes()
        except OSError as error:
            raise BadInput(
                error.strerror or str(error), where=str(path), hint=f"train {name} first"
            ) from error
        self.shapes: list[tuple[int, ...]] = []  # of its outputs behind the probabilities
        if features or maps:
            self.content, *self.shapes = with_inside(self.content, features=features, maps=maps)
        taught = datasets.load(self.results.dataset)
        if len(taught.train) < len(dataset.train):
            taught = published(taught)
        if not np.array_equal(taught.train.labels, dataset.train.labels):
            raise BadInput(
                f"teacher {name} learnt from {taught.name}, whose training pictures are not those "
                f"of {dataset.name}"
            )
        self.images = taught.train.images

    def opinions(
        self, recipe: recipes.Recipe, view: int, pixels: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Probabilities (N, classes) for the training pictures as augmented for this view; behind
        them, if they were asked for, the teacher's features (N, F) and the map (N, H x W x C) whose
        mean they are. `pixels` are these pictures, where they are at hand in the teacher's size."""
        # How many views there are changes none of them.
        how = msgspec.structs.replace(recipe.augmentation, views=0)
        what = (how, recipe.training.seed, view, self.results.input)
        digest = hashlib.sha256(msgspec.json.encode(what) + self.content).hexdigest()[:24]
        path = CACHE / f"{digest}.npy"
        if path.is_file():
            kept: NDArray[np.float32] = np.load(path)
            return kept
        said = self._ask(changed(self.images, recipe, view) if pixels is None else pixels)
        if not 0 < recipe.augmentation.views < recipe.training.epochs:
            return said  # no other epoch asks for it, and it may take 50 MB
        CACHE.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}.npy")  # two trainings may ask at once
        np.save(fresh, said)
        os.replace(fresh, path)
        return said

    def _ask(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        from ai_edge_litert.interpreter import Interpreter

        interpreter: Any = Interpreter(model_content=self.content, num_threads=1)
        interpreter.allocate_tensors()
        source = interpreter.get_input_details()[0]["index"]
        outputs = [output["index"] for output in interpreter.get_output_details()]
        said = []
        for picture in pixels:
            real = as_real(picture[np.newaxis], self.results.input)
            interpreter.set_tensor(source, real)
            interpreter.invoke()
            answers = [interpreter.get_tensor(index).ravel() for index in outputs]
            said.append(np.concatenate(answers))
        whole: NDArray[np.float32] = np.stack(said)
        classes = len(self.results.classes)
        whole[:, :classes] = np.maximum(whole[:, :classes], np.float32(1e-9))
        return whole


def with_inside(
    tflite: bytes, *, features: bool, maps: bool
) -> tuple[bytes, *tuple[tuple[int, ...], ...]]:
    """Returns the same model with a second output, what its last layer with weights reads, or the
    map whose mean that is, or with both; behind it the shapes of these outputs."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(tflite)
    graph = model.subgraphs[0]
    kinds = (schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.FULLY_CONNECTED)
    heads = [op for op in graph.operators if _kind(model, op) in kinds]
    read = heads[-1].inputs[0]
    added = [read] if features else []
    if maps:
        made = {op.outputs[0]: op for op in graph.operators}
        pools = (schema.BuiltinOperator.MEAN, schema.BuiltinOperator.RESHAPE)
        while read in made and _kind(model, made[read]) in pools:
            read = made[read].inputs[0]
        added.append(read)
    graph.outputs = np.array([*graph.outputs, *added], np.int32)
    model.signatureDefs = []  # they name one output
    builder = flatbuffers.Builder(len(tflite))
    builder.Finish(model.Pack(builder), b"TFL3")
    shapes = [tuple(int(n) for n in graph.tensors[index].shape[1:]) for index in added]
    return bytes(builder.Output()), *shapes


def _kind(model: Any, operator: Any) -> int:
    code = model.operatorCodes[operator.opcodeIndex]
    return int(max(code.builtinCode, code.deprecatedBuiltinCode))
