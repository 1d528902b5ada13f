"""The results: one SQLite file, a row per picture, written by one process.

sqlite3 FILE 'SELECT model, board, count(*), avg(prediction = label) FROM results GROUP BY 1, 2'
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from boardless import __version__
from boardless.core.errors import BadInput, ToolFailed
from boardless.front.sweep.cases import Identity, Ready, SweepCase
from boardless.front.sweep.chunk import Inference

APPLICATION, VERSION = 0x626C6473, 1  # "blds", and of this schema
READER = 60.0  # seconds that a reader may keep us from writing
SCHEMA = f"""
BEGIN;
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
CREATE TABLE cases (
    case_id INTEGER PRIMARY KEY,
    model TEXT NOT NULL, board TEXT NOT NULL, emulator TEXT NOT NULL, dataset TEXT NOT NULL,
    toolchain TEXT NOT NULL, build_id TEXT NOT NULL, emulator_version TEXT NOT NULL,
    reference TEXT NOT NULL,    -- interpreter whose predictions are the reference, with version
    cycle_model TEXT NOT NULL,  -- core and digest of its tables, '' where nothing was estimated
    origin TEXT NOT NULL,       -- which pictures
    pictures INTEGER NOT NULL,  -- how many were asked for
    boardless TEXT NOT NULL,    -- version
    misfit TEXT NOT NULL DEFAULT '',  -- why the board is too small
    notes TEXT NOT NULL DEFAULT '',   -- what could not be found out
    UNIQUE (model, board, emulator, dataset)
);
CREATE TABLE inferences (
    case_id INTEGER NOT NULL REFERENCES cases ON DELETE CASCADE,
    picture INTEGER NOT NULL,      -- its number in the data set
    input_crc32 INTEGER NOT NULL,  -- of what the model was fed with
    label INTEGER,                 -- NULL where not known
    prediction INTEGER NOT NULL, reference INTEGER NOT NULL,  -- top-1
    ok INTEGER NOT NULL,           -- int8 equal to the last bit, float32 within its tolerance
    bit_exact INTEGER NOT NULL,
    error REAL NOT NULL,           -- largest difference of raw outputs; 'nan' of two NaN
    instructions INTEGER, cycles REAL,  -- cycles are estimated, NULL where that was not possible
    PRIMARY KEY (case_id, picture)
) WITHOUT ROWID;
CREATE TABLE failures (
    case_id INTEGER NOT NULL REFERENCES cases ON DELETE CASCADE,
    first INTEGER NOT NULL, last INTEGER NOT NULL,  -- pictures
    status INTEGER NOT NULL,  -- exit status of `boardless run` for it
    reason TEXT NOT NULL,
    PRIMARY KEY (case_id, first)
) WITHOUT ROWID;
CREATE VIEW results AS SELECT
    c.model, c.board, c.emulator, c.dataset, i.picture, i.label, i.prediction, i.reference, i.ok,
    i.bit_exact, i.error, i.instructions, i.cycles, c.build_id, c.toolchain, c.emulator_version
    FROM cases c JOIN inferences i USING (case_id);
COMMIT;
"""


def _storable(error: float) -> float | str:
    """SQLite has no NaN, it would become NULL."""
    return "nan" if math.isnan(error) else error


class Store:
    """An open file; `with open_file(path) as store`."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path, self.connection = path, connection

    # ---- cases ----

    def case_id(self, case: SweepCase) -> int | None:
        row = self._one(
            "SELECT case_id FROM cases WHERE model = ? AND board = ? AND emulator = ? "
            "AND dataset = ?",
            (case.model.name, case.board, case.emulator, case.dataset),
        )
        return None if row is None else int(row[0])

    def holds(self, case: SweepCase) -> bool:
        """Returns True if the file holds results that must not be mixed with another build."""
        return bool(
            self._one(
                "SELECT 1 FROM cases c WHERE case_id = ? AND (misfit != '' OR EXISTS "
                "(SELECT 1 FROM inferences i WHERE i.case_id = c.case_id))",
                (self.case_id(case),),
            )
        )

    def change(self, ready: Ready) -> str:
        """Returns what differs between the file and now, "" if both can be mixed."""
        case_id = self.case_id(ready.case)
        fields = ", ".join(Identity.__struct_fields__)
        row = self._one(f"SELECT {fields} FROM cases WHERE case_id = ?", (case_id,))
        if row is None:
            return ""
        if what := Identity(*row).difference(ready.identity):
            return what
        n = len(ready.pictures)
        for i, checksum, label in self._all(
            "SELECT picture, input_crc32, label FROM inferences WHERE case_id = ? "
            "AND picture < ? ORDER BY picture",
            (case_id, n),
        ):
            if (checksum, label) != (ready.checksum(i), ready.label(i)):
                return f"picture {i} of {ready.case.dataset} is another one"
        return ""

    def forget(self, case: SweepCase) -> None:
        with self._writing() as connection:
            connection.execute("DELETE FROM cases WHERE case_id = ?", (self.case_id(case),))

    def missing(self, ready: Ready) -> list[int]:
        """Pictures that are still to be run; none where the board is too small."""
        case_id = self.case_id(ready.case)
        misfit = self._one("SELECT 1 FROM cases WHERE case_id = ? AND misfit != ''", (case_id,))
        if misfit:
            return []
        rows = self._all("SELECT picture FROM inferences WHERE case_id = ?", (case_id,))
        done = {row[0] for row in rows}
        return [i for i in range(len(ready.pictures)) if i not in done]

    def begin(self, case: SweepCase, ready: Ready | None) -> int:
        """The number of a case that will be run; what failed before has another chance. Without a
        `ready` one nothing is known but that it failed."""
        known = msgspec.structs.asdict(ready.identity) if ready else {}
        values = dict.fromkeys(Identity.__struct_fields__, "") | known
        values |= {
            "model": case.model.name,
            "board": case.board,
            "emulator": case.emulator,
            "dataset": case.dataset,
            "boardless": __version__,
            "origin": ready.pictures.origin if ready else "",
            "pictures": len(ready.pictures) if ready else 0,
        }
        with self._writing() as connection:
            case_id = self.case_id(case)
            if case_id is not None and not self.holds(case):
                connection.execute("DELETE FROM cases WHERE case_id = ?", (case_id,))
            names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
            connection.execute(
                f"INSERT INTO cases ({names}) VALUES ({marks}) ON CONFLICT DO UPDATE "
                "SET pictures = max(pictures, excluded.pictures)",
                values,
            )
            case_id = self.case_id(case)
            assert case_id is not None
            connection.execute("DELETE FROM failures WHERE case_id = ?", (case_id,))
        return case_id

    # ---- what came out ----

    def add(
        self,
        case_id: int,
        ready: Ready,
        indices: Sequence[int],
        inferences: Sequence[Inference],
        notes: Sequence[str],
    ) -> None:
        """All pictures of a chunk, or none; a picture that is there already would be a bug."""
        rows = [
            (
                *(case_id, i, ready.checksum(i), ready.label(i)),
                *(
                    x.prediction,
                    x.reference,
                    x.ok,
                    x.bit_exact,
                    _storable(x.error),
                    x.instructions,
                    x.cycles,
                ),
            )
            for i, x in zip(indices, inferences, strict=True)
        ]
        with self._writing() as connection:
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO inferences VALUES ({marks})", rows)
            connection.execute(
                "UPDATE cases SET notes = ? WHERE case_id = ?", ("; ".join(notes), case_id)
            )

    def failed(self, case_id: int, indices: Sequence[int], reason: str, status: int) -> None:
        first, last = (min(indices), max(indices)) if indices else (0, 0)
        with self._writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?, ?)",
                (case_id, first, last, status, reason),
            )

    def misfit(self, case_id: int, reason: str) -> None:
        with self._writing() as connection:
            connection.execute("UPDATE cases SET misfit = ? WHERE case_id = ?", (reason, case_id))

    # ---- asking ----

    def rows(self, question: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Returns rows with the names of their columns."""
        with self._told():
            cursor = self.connection.execute(question, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def _all(self, question: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._told():
            return self.connection.execute(question, values).fetchall()

    def _one(self, question: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        return next(iter(self._all(question, values)), None)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """All of it or, whatever happens in between, nothing."""
        with self._told(), self.connection:
            self.connection.execute("BEGIN IMMEDIATE")
            yield self.connection

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise  # a bug of ours
        except (sqlite3.Error, UnicodeError) as error:
            raise ToolFailed(
                str(error), where=str(self.path), hint="the same command goes on"
            ) from error


@contextlib.contextmanager
def open_file(path: Path, *, new: bool) -> Iterator[Store]:
    """Opens a results file. With `new` it is created if missing, and no other process may write it
    meanwhile."""
    if not new and not path.is_file():
        raise BadInput("no such file", where=str(path), hint="boardless sweep MODEL -o FILE")
    with contextlib.ExitStack() as stack:
        if new:
            stack.enter_context(_sole(path))
        try:
            connection = sqlite3.connect(path, timeout=READER, isolation_level=None)
            stack.callback(connection.close)
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            empty = not connection.execute("SELECT 1 FROM sqlite_master").fetchone()
            if new and empty and not application:
                connection.executescript(SCHEMA)
                application, version = APPLICATION, VERSION
            connection.execute("PRAGMA foreign_keys = ON")
            ours = (application, version) == (APPLICATION, VERSION) and _is_ours(connection)
        except (sqlite3.Error, UnicodeError) as error:
            raise BadInput(str(error), where=str(path), hint="choose another file") from error
        if not ours:
            raise BadInput(
                "not a file that this version of `boardless sweep` has made",
                where=str(path),
                hint="choose another one",
            )
        yield Store(path, connection)


def _is_ours(connection: sqlite3.Connection) -> bool:
    """Returns True if the file has our tables and no others: a view or a trigger of someone else's
    could answer our questions, or never end."""
    wanted = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
    with contextlib.closing(sqlite3.connect(":memory:")) as example:
        example.executescript(SCHEMA)
        return bool(connection.execute(wanted).fetchall() == example.execute(wanted).fetchall())


@contextlib.contextmanager
def _sole(path: Path) -> Iterator[IO[bytes]]:
    """A lock of its own on the file: SQLite's are on bytes of it, and readers may look on."""
    try:
        file = path.open("ab")
    except OSError as error:
        raise BadInput(
            f"cannot write here ({error.strerror})", where=str(path), hint="choose another file"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BadInput(
                "another sweep is writing this file", where=str(path), hint="choose another one"
            ) from error
        yield file
