"""Train the zoo: recipe -> Keras model -> float32.tflite, int8.tflite, figures and model card.

    python models/train.py digits_cnn --epochs 2 --out build/smoke
    python models/train.py masks --pictures my_pictures --out build/mine
    python models/train.py fdmobilenet --pictures my_pictures --size 224 --out build/mine

A model is a folder under models/zoo with `model.py` and `recipe.toml`; this script writes the rest
of the folder. With fixed seeds and deterministic kernels the same recipe, machine and TensorFlow
give the same bytes. Recipes under models/own take a user's pictures instead. `--evaluate` trains
nothing: it measures the committed files again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import brought
import numpy as np
import recipes
from boardless.core.errors import BadInput, BoardlessError, ToolMissing
from boardless.data import datasets
from layer_error import layer_error
from measure import measure, share
from model_card import card, draw_confusion, draw_curves
from protocol import published
from recipes import (
    Accuracy,
    Recipe,
    Results,
    names,
    own_names,
    read_recipe,
    read_results,
    results_toml,
)
from training import Trained, train

SNR_PICTURES = 16
SAMPLE = 100  # tests run these instead of all


def write(
    folder: Path, name: str, recipe: Recipe, dataset: datasets.Dataset, made: Trained
) -> Results:
    """Measure on the test split and write into the model's folder, which exists."""
    import keras
    import tensorflow as tf

    seen = measure(made.float32, made.int8, dataset.test, recipe.input)
    shape = dataset.test.images.shape[1:]
    results = Results(
        name=name,
        dataset=dataset.name,
        data_origin=dataset.origin,
        input_shape=(shape[0], shape[1], shape[2]),
        classes=list(dataset.classes),
        parameters=made.parameters,
        test_pictures=len(seen.labels),
        epochs=len(made.history["loss"]),
        trained_with=f"tensorflow {tf.__version__}, keras {keras.__version__}",
        input=recipe.input,
        accuracy=seen.accuracy(),
        top_2=seen.accuracy(first=2),
        recall_int8={
            label: share(seen.int8[seen.labels == index, 0] == index)
            for index, label in enumerate(dataset.classes)
        },
        sample_hits={
            kind: int((getattr(seen, kind)[:, 0] == seen.labels)[:SAMPLE].sum())
            for kind in ("float32", "int8")
        },
        layer_snr_db=layer_error(
            made.float32, made.int8, dataset.test.images[:SNR_PICTURES], recipe.input
        ),
    )
    (folder / "float32.tflite").write_bytes(made.float32)
    (folder / "int8.tflite").write_bytes(made.int8)
    if made.unfolded:
        np.savez(folder / "unfolded.npz", **made.unfolded)  # type: ignore[arg-type]
    (folder / "results.toml").write_text(results_toml(results), encoding="utf-8")
    draw_curves(folder / "curves.png", name, made.history)
    if recipe.data.protocol == "held_out":
        (folder / "card.md").write_text(card(results, recipe), encoding="utf-8")
        draw_confusion(folder / "confusion.png", seen, dataset.classes)
    return results


def evaluate(name: str, protocol: str = "held_out") -> bool:
    """Measure the committed files again; True if results.toml says the same."""
    folder = recipes.ZOO / name / recipes.PLACES[protocol]
    results = read_results(folder)
    dataset = _pictures(results.dataset, protocol)
    if dataset.origin != results.data_origin:
        # Pictures of one split were trained on in the other, so the figures would flatter.
        raise BadInput(
            f"figures are of other pictures ({results.data_origin}) than those here "
            f"({dataset.origin})",
            where=str(folder / "results.toml"),
            hint=f"retrain by: python models/train.py {name}",
        )
    try:
        files = [(folder / f"{kind}.tflite").read_bytes() for kind in ("float32", "int8")]
    except OSError as error:
        raise BadInput(error.strerror or str(error), where=str(error.filename)) from error
    seen = measure(files[0], files[1], dataset.test, results.input)
    now, stated = (seen.accuracy(), seen.accuracy(first=2)), (results.accuracy, results.top_2)
    verdict = "as in" if now == stated else f"but {_percent(*stated)} in"
    print(f"{name}: {_percent(*now)} on {len(dataset.test)} test pictures, {verdict} results.toml")
    return now == stated


def _percent(accuracy: Accuracy, top_2: Accuracy) -> str:
    return ", ".join(
        f"{kind} {100 * getattr(accuracy, kind):.2f} % (top 2: {100 * getattr(top_2, kind):.2f} %)"
        for kind in ("float32", "int8")
    )


def _pictures(name: str, protocol: str) -> datasets.Dataset:
    dataset = datasets.load(name)
    return published(dataset) if protocol == "published" else dataset


def retrain(
    name: str,
    epochs: int | None,
    out: Path | None,
    pictures: Path | None = None,
    protocol: str = "held_out",
    side: int | None = None,
) -> Path:
    """Train one model and write its folder under `out`, or in the zoo. Pictures that are brought
    are stretched to `side` x `side`, or to what the recipe says."""
    recipe = read_recipe(name, protocol)
    recipe = recipes.sized(recipe, side) if side else recipe
    folder = (out or recipes.ZOO) / name / recipes.PLACES[protocol]
    try:
        folder.mkdir(parents=True, exist_ok=True)  # better now than after the training
    except OSError as error:
        raise BadInput(error.strerror or str(error), where=str(folder)) from error
    if recipe.data.size is not None and pictures is not None:
        dataset = brought.load(pictures, recipe.data.size, recipe.data.gray)
    else:
        dataset = _pictures(recipe.data.set, protocol)
    start = time.monotonic()
    made = train(name, recipe, dataset, epochs or recipe.training.epochs)
    results = write(folder, name, recipe, dataset, made)
    if protocol == "published" and out is None:  # the model's card states this figure, too
        text = card(read_results(folder.parent), read_recipe(name))
        (folder.parent / "card.md").write_text(text, encoding="utf-8")
    print(
        f"{name}: {_percent(results.accuracy, results.top_2)} on {results.test_pictures} test "
        f"pictures after {time.monotonic() - start:.0f} s; written to {folder}"
    )
    return folder


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="train.py", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="model of models/zoo; none: all")
    parser.add_argument("--evaluate", action="store_true", help="only measure the committed files")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's (needs --out)")
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="DIR",
        help=f"a folder for each class, for recipes of models/own: {', '.join(own_names())}",
    )
    parser.add_argument(
        "--size", type=int, metavar="N", help="with --pictures: N x N, not the recipe's size"
    )
    parser.add_argument(
        "--protocol",
        choices=[*recipes.PLACES],
        default="held_out",
        help="published: choose the epoch on the reported pictures, as a published figure did",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write here, not into the zoo")
    options = parser.parse_args(arguments)
    if options.epochs is not None and (options.epochs < 1 or options.out is None):
        parser.error("--epochs takes 1 or more, and --out: a cut run must not replace the zoo")
    own = [name for name in options.names if name in own_names()]
    if own and (options.evaluate or not (options.pictures and options.out)):
        parser.error(f"{own[0]} takes --pictures and --out, and nothing is committed to --evaluate")
    if options.pictures and (len(own) != len(options.names) or not own):
        parser.error(f"--pictures goes with: {', '.join(own_names())}")
    if options.size is not None and (options.size < 1 or not options.pictures):
        parser.error("--size takes 1 or more, and --pictures: other models have a size")
    try:
        chosen = options.names or names(options.protocol)
        for name in chosen:  # every typo is reported before the first long training
            read_recipe(name, options.protocol)
        if options.evaluate:
            verdicts = [evaluate(name, options.protocol) for name in chosen]
            return 0 if all(verdicts) else 1
        for name in chosen:
            retrain(
                name,
                options.epochs,
                options.out,
                options.pictures,
                options.protocol,
                options.size,
            )
    except ImportError as error:
        missing = ToolMissing(f"{error.name} is not installed", hint="nox -s train brings it")
        print(missing, file=sys.stderr)
        return ToolMissing.exit_status
    except BoardlessError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("stopped; the same command goes on after the last whole epoch", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
