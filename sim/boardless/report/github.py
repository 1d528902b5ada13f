"""A report as Markdown, for the summary of a CI job or a comment on a pull request. Pure."""

from __future__ import annotations

from typing import Any

COLUMNS = (
    *("model", "board", "agreement", "accuracy", "instructions", "est. cycles"),
    *("RAM", "flash", "verdict", "gate"),
)


def summary(data: dict[str, Any]) -> str:
    """Of what report.page.collect returns."""
    lines = ["## boardless: " + ("all well" if data["ok"] else "something is wrong"), ""]
    lines += [_line(COLUMNS), _line(["---"] * 2 + ["---:"] * 6 + ["---"] * 2)]
    lines += [_line(_cells(run)) for run in data["runs"]]
    wrong = [f"{r['model']} {r['board']}: {r['reason']}" for r in data["runs"] if not r["ok"]]
    found = [line for r in data["runs"] if r["gate"] for line in r["gate"]["lines"]]
    told = [f"est. cycles: {e['told']}" for run in data["runs"] for e in run["estimates"]]
    lines += ["", *(f"- {text}" for text in dict.fromkeys([*wrong, *found]))]
    lines += ["", *(f"<sub>{text}</sub><br>" for text in dict.fromkeys(told))]
    return "\n".join(lines).rstrip() + "\n"


def _line(cells: Any) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _cells(run: dict[str, Any]) -> list[str]:
    accuracy, counted, estimates = run["accuracy"], run["instructions"], run["estimates"]
    return [
        run["model"],
        run["board"],
        f"{run['agreement']:.2%}",
        "?" if accuracy is None else f"{accuracy:.2%}",
        f"{counted['median']:,}" if counted else "?",
        f"{estimates[0]['median']:,.0f}" if estimates else "?",
        f"{run['memory']['ram_bytes']:,}",
        f"{run['memory']['flash_bytes']:,}",
        "ok" if run["ok"] else "**WRONG**",
        run["gate"]["verdict"] if run["gate"] else "",
    ]
