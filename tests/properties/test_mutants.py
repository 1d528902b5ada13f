"""The kernels' cases notice small changes of the kernels: `nox -s mutants` tries all of them, here
are those of one folder, and what the changes do to a text."""

from __future__ import annotations

import dataclasses

import pytest
from boardless.core import paths
from mutants import edits, same, table
from mutants.program import Change, Result

TEXT = """
int f(const int *p, int count) {
  int sum = p ? 3 : 0;
  for (int i = 0; i < count; i++) {
    sum += p[i] - count;
  }
  if (sum > 9 && count != 1) {
    sum = 9;
  }
  return sum;
}
"""


def changed(what: str, text: str = TEXT) -> str:
    """The text with the first change of this kind, made."""
    return edits.made(text, next(e for e in edits.find(text, range(99)) if e.what == what))


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("? never", "int sum = p && !1 ? 3 : 0;"),
        ("3 + 1", "int sum = p ? (3 + 1) : 0;"),
        ("< becomes <=", "for (int i = 0; i < 1 + count; i++) {"),
        ("left out", "if (!1) sum += p[i] - count;"),
        ("+= becomes -=", "sum += -1 * ( p[i] - count);"),
        ("- becomes +", "sum += p[i] - -1 * count;"),
        ("if never", "if (!1 && (sum > 9 && count != 1)) {"),
        ("what follows && dropped", "if (sum > 9 && (1 || ( count != 1))) {"),
        ("> becomes >=", "if (sum > -1 + 9 && count != 1) {"),
    ],
)
def test_a_change(what: str, line: str) -> None:
    assert line in changed(what)


def test_constants_that_c_wants_stay() -> None:
    text = "void f(void) { enum { A = 3 }; static const int t[2] = {1, 2}; char b[4]; }"
    assert edits.find(text, range(9)) == []


def test_a_change_that_the_compiler_makes_nothing_of_does_not_count() -> None:
    file = paths.KERNELS / "max_pool_2d" / "max_pool_2d_ref.c"
    text = file.read_text()
    every = [
        Change(str(file.relative_to(paths.KERNELS)), edit, text.splitlines()[edit.line - 1].strip())
        for edit in edits.find(text, range(999))
    ]
    some = [c for c in every if c.text == "best = value > best ? value : best;"]
    assert {"> becomes >=", "? never"} <= {change.edit.what for change in some}
    same_ones = {change.edit.what for change in same.same_code(some)}
    assert "> becomes >=" in same_ones
    assert "? never" not in same_ones


@pytest.fixture(scope="module")
def results() -> list[Result]:
    return table.measure(["hard_swish"], with_tests=False)


def test_the_cases_of_an_operator_catch_its_changes(results: list[Result]) -> None:
    assert len(results) == 18
    caught = [result for result in results if result.caught]
    assert len(caught) >= table.SHARE * len(results)
    missed = [result.change for result in results if not result.caught]
    assert [
        str(change) for change in missed if table.place(change) not in table.listed("survivor")
    ] == []


def test_a_change_without_a_reason_fails(
    results: list[Result], capsys: pytest.CaptureFixture[str]
) -> None:
    assert table.show(results) == 0
    weak = dataclasses.replace(next(r for r in results if r.caught), caught=False)
    assert table.show([*results, weak]) == 1
    assert str(weak.change) in capsys.readouterr().out


def test_a_reason_names_a_line_that_is_there() -> None:
    for file, line, _ in [*table.listed("survivor"), *table.listed("equivalent")]:
        assert line in (paths.KERNELS / file).read_text(), f"{file} has no line {line}"


def test_too_few_of_a_folder_fail(
    results: list[Result], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {table.place(result.change): "no case" for result in results}
    monkeypatch.setattr(table, "listed", lambda kind: known)
    few = [dataclasses.replace(r, caught=i > 1) for i, r in enumerate(results)]
    assert table.show(few) == 1
    assert "hard_swish: 88.9%, less than 95.0%" in capsys.readouterr().out
