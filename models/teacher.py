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

# Students that see the same changed pictures share the outputs of a teacher.
CACHE = Path(__file__).parent / "checkpoints" / "opinions"


class Teacher:
    """A committed float model; its .tflite is all that is asked of it."""

    def __init__(self, name: str, dataset: datasets.Dataset) -> None:
        folder = recipes.ZOO / name
        self.results = recipes.read_results(folder)
        path = folder / "float32.tflite"
        try:
            self.content = path.read_bytes()
        except OSError as error:
            raise BadInput(
                error.strerror or str(error), where=str(path), hint=f"train {name} first"
            ) from error
        taught = datasets.load(self.results.dataset)
        if not np.array_equal(taught.train.labels, dataset.train.labels):
            raise BadInput(
                f"teacher {name} learnt from {taught.name}, whose training pictures are not those "
                f"of {dataset.name}"
            )
        self.images = taught.train.images

    def opinions(self, recipe: recipes.Recipe, view: int) -> NDArray[np.float32]:
        """Probabilities (N, classes) for the training pictures as augmented for this view."""
        # How many views there are changes none of them.
        how = msgspec.structs.replace(recipe.augmentation, views=0)
        what = (how, recipe.training.seed, view, self.results.input)
        digest = hashlib.sha256(msgspec.json.encode(what) + self.content).hexdigest()[:24]
        path = CACHE / f"{digest}.npy"
        if path.is_file():
            kept: NDArray[np.float32] = np.load(path)
            return kept
        said = self._ask(changed(self.images, recipe, view))
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
        output = interpreter.get_output_details()[0]["index"]
        said = []
        for picture in pixels:
            real = as_real(picture[np.newaxis], self.results.input)
            interpreter.set_tensor(source, real)
            interpreter.invoke()
            said.append(interpreter.get_tensor(output)[0])
        probabilities: NDArray[np.float32] = np.maximum(np.stack(said), np.float32(1e-9))
        return probabilities
