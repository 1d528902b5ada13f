"""JUnit XML, which CI systems show beside their own tests: a suite per board. Pure.

    record.write_text(junit.text("boardless gate", junit.of_gate(report)), Path("junit.xml"))

Elements and attributes are those that Jenkins' and GitLab's readers know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from boardless.device.records import Run
from boardless.judge.gating import Report
from boardless.judge.predictions import Verdict

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Case:
    """One thing that was checked; `failures` and `skipped` say why, empty where all is well."""

    suite: str  # the board
    name: str
    failures: Sequence[str] = ()
    skipped: str = ""
    seconds: float = 0.0


def of_gate(report: Report) -> list[Case]:
    """The gate's verdict on every model and board."""
    found = []
    for row in report.rows:
        bad = [row.line(f) for f in row.findings if f.fails and not row.ok]
        uncompared = "; ".join(str(f) for f in row.findings if f.kind == "skipped")
        skipped = uncompared if row.old is None and not bad else ""
        found.append(Case(row.case.board.name, f"{row.case.model} gate", bad, skipped))
    for misfit in report.misfits:
        bad, skipped = ([misfit.line], "") if misfit.fitted else ([], misfit.line)
        found.append(Case(misfit.case.board.name, f"{misfit.case.model} fits", bad, skipped))
    return found + [Case("baselines", line.split(":")[0], [line]) for line in report.unused]


def of_runs(results: Iterable[tuple[Run, Verdict]]) -> list[Case]:
    """Outputs beside the reference's."""
    return [
        Case(
            run.build.board.name,
            f"{run.build.model} outputs",
            () if verdict.ok else [verdict.reason],
            seconds=run.seconds.get("total", 0.0),
        )
        for run, verdict in results
    ]


def text(name: str, cases: Sequence[Case]) -> str:
    """The file, ending in a newline."""
    counts = _counts(cases)
    del counts["skipped"]  # Jenkins' schema has it of suites only
    root = ElementTree.Element("testsuites", {"name": name, **counts})
    for board in dict.fromkeys(case.suite for case in cases):
        some = [case for case in cases if case.suite == board]
        suite = ElementTree.SubElement(root, "testsuite", {"name": board, **_counts(some)})
        for case in some:
            about = {"classname": board, "name": case.name, "time": f"{case.seconds:.3f}"}
            element = ElementTree.SubElement(suite, "testcase", about)
            if case.failures:
                said = [NOT_XML.sub("?", line) for line in case.failures]
                attributes = {"message": said[0], "type": name}
                ElementTree.SubElement(element, "failure", attributes).text = "\n".join(said)
            elif case.skipped:
                message = {"message": NOT_XML.sub("?", case.skipped)}
                ElementTree.SubElement(element, "skipped", message)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    return {
        "tests": str(len(cases)),
        "failures": str(sum(bool(case.failures) for case in cases)),
        "errors": "0",
        "skipped": str(sum(bool(case.skipped) for case in cases)),
        "time": f"{sum(case.seconds for case in cases):.3f}",
    }
