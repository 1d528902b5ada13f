"""A picture of a profile: one bar per layer, as .svg, .png or .pdf."""

from __future__ import annotations

from pathlib import Path

from boardless.core.errors import BadInput
from boardless.model import traits
from boardless.model.traits import Group
from boardless.report import profile as profiles

COLOURS = {  # of Okabe and Ito: colour-blind people can distinguish them, too
    Group.CONVOLUTION: "#0072B2",
    Group.DEPTHWISE: "#E69F00",
    Group.DENSE: "#009E73",
}
BETWEEN = "#999999"
OTHER = "#CC79A7"


def draw(profile: profiles.Profile, path: Path) -> None:
    """Cycles of the first target, or instructions where there is none; BadInput where the file
    cannot be written or its ending is unknown."""
    import matplotlib  # here, because it takes longer to import than all the rest

    matplotlib.use("agg")
    from matplotlib import pyplot as plot
    from matplotlib.patches import Patch

    parts = profiles.layers(profile)
    target = profile.cycles[0].target.name if profile.cycles else ""
    values = [p.cycles[0] if target else p.instructions for p in parts]
    colours = [_colour(p.op) for p in parts]
    with matplotlib.rc_context({"svg.hashsalt": "boardless", "svg.fonttype": "none"}):
        figure, axes = plot.subplots(figsize=(9, 1.6 + 0.26 * len(parts)), layout="constrained")
        bars = axes.barh([f"{i} {p.op}" for i, p in enumerate(parts)], values, color=colours)
        whole = sum(values) or 1
        axes.bar_label(bars, [f"{v:,.0f} ({v / whole:.0%})" for v in values], padding=3, fontsize=8)
        axes.invert_yaxis()
        axes.margins(x=0.2)
        axes.set_xlabel(f"estimated cycles, {target}" if target else "instructions")
        axes.set_title(f"{profile.build.model} on {profile.build.board.name}")
        axes.spines[["top", "right"]].set_visible(False)
        shown = {"other" if _colour(p.op) == OTHER else p.op: _colour(p.op) for p in parts}
        axes.legend(handles=[Patch(color=c, label=op) for op, c in shown.items()], fontsize=8)
        try:
            figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
        except (OSError, ValueError) as error:
            raise BadInput(
                f"cannot write the picture: {error}", where=str(path), hint="use .svg, .png or .pdf"
            ) from error
        finally:
            plot.close(figure)


def _colour(op: str) -> str:
    """Returns the colour of a layer by its operator, or of the code between layers."""
    return BETWEEN if op == "overhead" else COLOURS.get(traits.of(op).group, OTHER)
