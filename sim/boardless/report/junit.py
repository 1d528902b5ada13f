"""JUnit XML, which CI systems show with their own tests: a suite per board. Pure.

    record.write_text(junit.text("boardless gate", junit.of_gate(report)), Path("junit.xml"))

Elements and attributes are those that Jenkins' and GitLab's readers know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from boardless.judge.records import Judgement, Outcome
from boardless.report.columns import COLUMNS, values

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Check:
    """One thing that was checked; `failures` and `skipped` say why, empty where all is well."""

    suite: str  # the board
    name: str
    failures: Sequence[str] = ()
    skipped: str = ""
    seconds: float = 0.0
    properties: Sequence[tuple[str, str]] = ()  # figures of the case, by name


def of_gate(judgement: Judgement) -> list[Check]:
    """Returns the gate's verdict on every model and board."""
    found = []
    for row in judgement.rows:
        bad = [row.line(f) for f in row.findings if f.fails and not row.ok]
        uncompared = "; ".join(str(f) for f in row.findings if f.kind == "skipped")
        skipped = uncompared if row.old is None and not bad else ""
        found.append(Check(row.case.board.name, f"{row.case.model} gate", bad, skipped))
    for misfit in judgement.misfits:
        bad, skipped = ([misfit.line], "") if misfit.fitted else ([], misfit.line)
        found.append(Check(misfit.case.board.name, f"{misfit.case.model} fits", bad, skipped))
    for failure in judgement.failures:
        found.append(Check(failure.case.board.name, f"{failure.case.model} runs", [failure.line]))
    return found + [Check("baselines", line.split(":")[0], [line]) for line in judgement.unused]


def of_runs(outcomes: Iterable[Outcome]) -> list[Check]:
    """Returns whether outputs equal the reference's, for every model and board."""
    return [
        Check(
            outcome.run.build.board.name,
            f"{outcome.run.build.model} outputs",
            () if outcome.verdict.ok else [outcome.verdict.reason],
            seconds=outcome.run.seconds.get("total", 0.0),
            properties=_properties(outcome),
        )
        for outcome in outcomes
    ]


def _properties(outcome: Outcome) -> list[tuple[str, str]]:
    found = values(outcome)
    chosen = [c for c in COLUMNS if c.junit and found[c.name] is not None]
    return [(c.name, c.shown(found[c.name])) for c in chosen]


def text(name: str, checks: Sequence[Check]) -> str:
    """The file, ending in a newline."""
    counts = _counts(checks)
    del counts["skipped"]  # Jenkins' schema has it of suites only
    root = ElementTree.Element("testsuites", {"name": name, **counts})
    for board in dict.fromkeys(check.suite for check in checks):
        some = [check for check in checks if check.suite == board]
        suite = ElementTree.SubElement(root, "testsuite", {"name": board, **_counts(some)})
        for check in some:
            about = {"classname": board, "name": check.name, "time": f"{check.seconds:.3f}"}
            element = ElementTree.SubElement(suite, "testcase", about)
            if check.properties:
                group = ElementTree.SubElement(element, "properties")
                for name_of, value in check.properties:
                    about = {"name": name_of, "value": NOT_XML.sub("?", value)}
                    ElementTree.SubElement(group, "property", about)
            if check.failures:
                said = [NOT_XML.sub("?", line) for line in check.failures]
                attributes = {"message": said[0], "type": name}
                ElementTree.SubElement(element, "failure", attributes).text = "\n".join(said)
            elif check.skipped:
                message = {"message": NOT_XML.sub("?", check.skipped)}
                ElementTree.SubElement(element, "skipped", message)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _counts(checks: Sequence[Check]) -> dict[str, str]:
    return {
        "tests": str(len(checks)),
        "failures": str(sum(bool(check.failures) for check in checks)),
        "errors": "0",
        "skipped": str(sum(bool(check.skipped) for check in checks)),
        "time": f"{sum(check.seconds for check in checks):.3f}",
    }
