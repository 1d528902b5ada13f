"""card.md and its two pictures, from the results alone.

text = card(results, recipe)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import recipes
from measure import Measured
from recipes import Recipe, Results

CARD = """\
<!-- Written by models/train.py from results.toml; do not edit. -->
# {{ r.name }}
{{ about }}

| | |
| --- | --- |
| input | {{ r.input_shape | join(" x ") }} (HWC), real = pixel * {{ "%.6g" % r.input.scale }}\
{% if r.input.offset %} + {{ r.input.offset }}{% endif %} |
| output | {{ r.classes | length }} classes |
| parameters | {{ "{:,}".format(r.parameters) }} (as Keras counts them) |
| accuracy, float32 | {{ "%.2f" % (100 * r.accuracy.float32) }} % |
| accuracy, int8 | {{ "%.2f" % (100 * r.accuracy.int8) }} % |
| class among the two most probable | {{ "%.2f" % (100 * r.top_2.float32) }} % float32, \
{{ "%.2f" % (100 * r.top_2.int8) }} % int8 |
| measured on | {{ "{:,}".format(r.test_pictures) }} held-out test pictures, TFLite's reference \
kernels |
{% if published -%}
| accuracy by the published protocol | {{ "%.2f" % (100 * published.accuracy.float32) }} % \
float32, {{ "%.2f" % (100 * published.accuracy.int8) }} % int8 |
{% endif -%}
| trained with | {{ r.trained_with }}, {{ r.epochs }} epochs, seed {{ seed }} |

The epoch was chosen by the validation split; nothing was fitted to the test split.
{% if published %}
The published protocol holds nothing out: it chooses the epoch on the pictures that it reports,
which flatters, and learns from all others. The weights in `published/` were trained so, to compare
with published figures; `boardless` uses those whose accuracy is measured on held-out pictures.
{% endif %}
## Data
{{ r.dataset }}: {{ r.data_origin }}. {{ recipe.data.licence }}
{%- if recipe.transfer %} {{ recipe.transfer.licence }}
{%- endif %}
{%- if recipe.continued %} Training began with the weights of `{{ recipe.continued.model }}`.
{%- endif %}
{%- if recipe.distillation %} Learnt from `{{ recipe.distillation.teacher }}`, too.
{%- endif %}

## Recall by class (int8)
| class | recall |
| --- | --- |
{% for label, recall in r.recall_int8.items() -%}
| {{ label }} | {{ "%.1f" % (100 * recall) }} % |
{% endfor %}
![Training curves](curves.png) ![Confusion matrix of the int8 model](confusion.png)
{% if r.layer_snr_db %}
## What int8 loses, layer by layer
Signal to noise of each operator's output, in dB relative to the float model (6 dB are one bit); the
noise of a layer holds that of all before it
{%- if recipe.quantisation.aware_epochs %}, and what changed as int8 was trained on for
{{ recipe.quantisation.aware_epochs }} epochs with its rounding{% endif %}.

{% for layer, db in r.layer_snr_db.items() -%}
{{ layer }} {{ db }}{{ ", " if not loop.last else "." }}
{%- if loop.index % 4 == 0 or loop.last %}
{% else %} {% endif %}
{%- endfor %}
{%- endif %}

## Retrain and check
{% if recipe.data.size %}    python models/train.py {{ r.name }} --pictures DIR \
{% if other_size %}--size {{ recipe.data.size[0] }} {% endif %}--out DIR
{% else %}    python models/train.py {{ r.name }}
    python models/train.py {{ r.name }} --evaluate
{%- if published %}
    python models/train.py {{ r.name }} --protocol published
    python models/train.py {{ r.name }} --protocol published --evaluate
{%- endif %}
{% endif %}"""


def card(results: Results, recipe: Recipe) -> str:
    """The model card as Markdown; the first paragraph is the docstring of model.py."""
    about = (recipes.folder(results.name) / "model.py").read_text(encoding="utf-8").split('"""')[1]
    template = jinja2.Environment(
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False
    ).from_string(CARD)
    other = recipes.folder(results.name) / recipes.PLACES["published"]
    own = recipe.data.size is not None
    return template.render(
        published=recipes.read_results(other) if (other / "results.toml").is_file() else None,
        r=results,
        about=about.split("\n\n")[0].strip(),
        recipe=recipe,
        other_size=own and recipes.read_recipe(results.name).data.size != recipe.data.size,
        seed=recipe.training.seed,
    )


def draw_curves(path: Path, name: str, history: dict[str, list[float]]) -> None:
    plt = _pyplot()
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
    for axes, quantity in ((left, "loss"), (right, "accuracy")):
        epochs = range(1, len(history[quantity]) + 1)
        axes.plot(epochs, history[quantity], label="training (augmented)")
        axes.plot(epochs, history[f"val_{quantity}"], label="validation")
        axes.set(xlabel="epoch", ylabel=quantity)
        # BN's averages lag behind early weights: a few wild epochs must not flatten the rest.
        axes.set_ylim(0, 1.2 * max(history[quantity]) if quantity == "loss" else 1.02)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.suptitle(name)
    figure.savefig(path, dpi=80)
    plt.close(figure)


def draw_confusion(path: Path, seen: Measured, classes: Sequence[str]) -> None:
    plt = _pyplot()
    counts = np.zeros((len(classes), len(classes)), int)
    np.add.at(counts, (seen.labels, seen.int8[:, 0]), 1)
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    figure, axes = plt.subplots(figsize=(6, 5), layout="constrained")
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            dark = shares[row, column] > 0.5
            axes.text(
                column, row, count, ha="center", va="center", color="white" if dark else "black"
            )
    turned = max(map(len, classes)) > 2
    axes.set_xticks(range(len(classes)), classes, rotation=90 if turned else 0)
    axes.set_yticks(range(len(classes)), classes)
    axes.set(xlabel="predicted (int8)", ylabel="true")
    figure.savefig(path, dpi=80)
    plt.close(figure)


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt
