"""Folders that nobody may write to: one line and exit status 2, or the result without them. What
was there stays."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from boardless.core import paths
from boardless.core.errors import BadInput
from boardless.cycles.calibration import facts
from boardless.device import boards, build
from boardless.device.records import Build
from boardless.judge import baseline, history, judged
from boardless.model import zoo as models
from boardless.report import record
from boardless.runtimes import Wanted
from boardless.runtimes import boardless as runtime
from command_line import Cli, failure

MODEL = "digits_cnn:int8"
RUN = ("run", MODEL, "--board", "host", "--limit", "2")


# --- Every writer, where the system refuses -------------------------------------------------------
def zoo_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo of one model in `folder`."""
    zoo = folder / "models" / "zoo"
    shutil.copytree(paths.ZOO / "digits_cnn", zoo / "digits_cnn")
    monkeypatch.setattr(paths, "ZOO", zoo)
    return zoo


def accepts(zoo: Path) -> None:
    content = baseline.read("digits_cnn", "mps2-an386")
    assert content
    baseline.write("digits_cnn", "host", content)


def adds_facts(zoo: Path) -> None:
    suite = facts.read(min(facts.FOLDER.glob("*.toml"), key=lambda path: path.stat().st_size))
    facts.add(suite, zoo / "facts.toml")


def writes_sources(zoo: Path) -> None:
    wanted = Wanted(models.find(MODEL).graph, boards.load("host"))
    build.write_sources(runtime.sources(wanted), "0" * 16, zoo / "generated")


ENTRY = history.Entry(commit="0" * 12, date="2026-01-01", model="m", board="b")
WRITERS: dict[str, Callable[[Path], object]] = {
    "history": lambda zoo: history.add(zoo / "history.jsonl", [ENTRY]),
    "JSON": lambda zoo: record.write({"ok": True}, str(zoo / "out.json")),
    "baseline": accepts,
    "judged": lambda zoo: judged.update(()),
    "facts": adds_facts,
    "sources": writes_sources,
}


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EACCES])
@pytest.mark.parametrize("what", WRITERS)
def test_a_writer_that_is_refused(
    what: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoo = zoo_of(tmp_path, monkeypatch)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    real = os.open

    def refuse(path: Path, flags: int, *mode: int, **options: int) -> int:
        if flags & os.O_CREAT:
            raise OSError(number, os.strerror(number), str(path))
        return real(path, flags, *mode, **options)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(BadInput) as caught:
        WRITERS[what](zoo)
    monkeypatch.undo()
    assert os.strerror(number) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


# --- Commands whose folder of builds cannot be made -----------------------------------------------
@pytest.mark.emulated
@pytest.mark.parametrize(
    "arguments",
    [
        RUN,
        ("sim", MODEL, "--boards", "host", "--limit", "1"),
        ("profile", MODEL),
        ("fit", MODEL),
        ("bench", MODEL),
        ("serve", MODEL, "--pty"),
        ("mlperf", MODEL, "--board", "host", "--mode", "accuracy"),
        ("count", str(paths.ROOT / "tests" / "fuzz" / "corpus" / "backtrace" / "small.elf")),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_file_in_the_place_of_the_builds(
    arguments: tuple[str, ...], cli: Cli, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    # A process that has counted before has loaded the plugin, and needs no folder any more.
    call = cli.process if arguments[0] == "count" else cli
    said = failure(call(*arguments, BOARDLESS_BUILD_DIR=str(blocked / "build")), 2)
    assert str(blocked) in said
    assert "cannot write" in said
    assert [*tmp_path.iterdir()] == [blocked]


# --- Folders that are mounted read-only -----------------------------------------------------------
MOUNT = """
for folder in $READ_ONLY; do
  mount --bind "$folder" "$folder" && mount -o remount,bind,ro "$folder" || exit 99
done
if [ "$WRITABLE" ]; then
  mount --bind "$WRITABLE" "$WRITABLE" && mount -o remount,bind,rw "$WRITABLE" || exit 99
fi
exec "$@"
"""


def read_only(
    folders: str, *command: str, but: str = "", **changes: str
) -> subprocess.CompletedProcess[str]:
    """Runs a command for which these folders, separated by spaces, are mounted read-only, except
    for the folder `but` in one of them."""
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", MOUNT, "sh", *command],
        env=os.environ | changes | {"READ_ONLY": folders, "WRITABLE": but},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def mounts(tmp_path_factory: pytest.TempPathFactory) -> None:
    if (
        not shutil.which("unshare")
        or read_only(str(tmp_path_factory.mktemp("ro")), "true").returncode
    ):
        pytest.skip("folders cannot be mounted here")


@pytest.mark.usefixtures("mounts")
def test_all_but_the_builds_may_be_read_only(
    built: Callable[[str, str], Build], tmp_path: Path
) -> None:
    """The checkout, the data and the home of the user; what belongs into one of them is not lost
    without a word."""
    home, out, place = tmp_path / "home", tmp_path / "out.json", baseline.path("digits_cnn", "host")
    home.mkdir()
    folders = [str(paths.ROOT), str(home), *filter(None, [os.environ.get("BOARDLESS_DATA")])]
    built(MODEL, "host")
    builds = str(paths.build_root())
    changes = {"HOME": str(home), "XDG_STATE_HOME": ""}
    command = (sys.executable, "-m", "boardless")
    done = read_only(" ".join(folders), *command, *RUN, "--json", str(out), but=builds, **changes)
    assert done.returncode == 0, done.stderr
    assert '"ok": true' in out.read_text()
    assert [*home.iterdir()] == []
    accept = ("gate", "--update", "digits_cnn:int8", "--board", "host")
    done = read_only(" ".join(folders), *command, *accept, but=builds, **changes)
    assert failure(done, 2).endswith("host.toml: cannot write (Read-only file system)")
    assert [*place.parent.glob(".*")] == []
    assert not place.exists()


@pytest.mark.usefixtures("mounts")
def test_the_builds_are_not(built: Callable[[str, str], Build], tmp_path: Path) -> None:
    built(MODEL, "host")
    out = tmp_path / "out.json"
    out.write_text("old")
    command = (sys.executable, "-m", "boardless", *RUN, "--json", str(out))
    said = failure(read_only(str(paths.build_root()), *command), 2)
    assert "cannot write here (Read-only file system)" in said
    assert "BOARDLESS_BUILD_DIR" in said
    assert out.read_text() == "old"
