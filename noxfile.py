"""boardless's sessions, nox -s sim, quick, tests and others; `nox -l` lists them.

Inside the project's own .venv (what ./bootstrap makes) a session runs in it, without installing
anything; elsewhere it gets an environment of its own from the same pinned constraints.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import nox

ROOT = Path(__file__).resolve().parent
OWN_VENV = Path(sys.prefix).resolve() == ROOT / ".venv"
if OWN_VENV:
    os.environ["PATH"] = os.pathsep.join([str(ROOT / ".venv" / "bin"), os.environ["PATH"]])
# Images of containers set this, and then each process compiles all modules that it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
CODE = ("sim", "models", "tests", "firmware", "examples", "docs", "noxfile.py")
PYTEST = ("pytest", "-n", "2", "--dist", "worksteal")

nox.options.sessions = ["sim"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_external_run = True


def session(**options: Any) -> Callable[[Any], Any]:
    """A nox session that uses the project's own environment where there is one."""
    if OWN_VENV:
        options["venv_backend"] = "none"
    return nox.session(**options)


def install(session: nox.Session, *groups: str) -> None:
    """boardless (editable) and dependency groups of pyproject.toml, versions and hashes pinned."""
    if session.virtualenv.is_sandboxed:
        uv = [part for part in pinned("uv") if part]
        session.run("python", "-m", "pip", "install", "-q", "--require-hashes", "-r", *uv)
        extra = [word for group in groups for word in ("--group", group)]
        run = ("uv", "pip", "install", "-q", "-c", "constraints.txt")
        session.run(*run, "--group", "nox", *extra)
        session.run(*run, "--no-build-isolation", "-e", ".")


def pinned(package: str) -> list[str]:
    """A requirements file that holds the lines of one package of constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"{package}=="))
    end = next(i for i in range(start, len(lines)) if not lines[i].endswith("\\"))
    path = ROOT / ".nox" / f"{package}.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines[start : end + 1]) + "\n")
    return [str(path)]


@session()
def sim(session: nox.Session) -> None:
    """Run every model on every default board: compare with TFLite, and with accepted figures.

    Arguments after -- go to `boardless sim`, such as --boards all or --limit 8.
    """
    install(session)
    session.run("boardless", "sim", *session.posargs)


@session()
def tests(session: nox.Session) -> None:
    """Run the test suite; arguments after -- go to pytest.

    Without arguments others run at the same time, one after the other: the tests of the zoo, in the
    session that has TensorFlow (1.8 GB), and the unit tests, see `coverage`.
    """
    install(session, "tests")
    if session.posargs:
        session.run(*PYTEST, *session.posargs)
        return
    with meanwhile(session, ["train", "--", "--test"], ["coverage"]):
        # One more than there are processors: many of these tests wait for others to end.
        session.run(*PYTEST, "-n", "3", "--ignore", "tests/unit")


@contextlib.contextmanager
def meanwhile(session: nox.Session, *several: Sequence[str]) -> Iterator[None]:
    """Other sessions run one after the other while the block does; what they print follows, and
    their failure is the block's."""
    nox_of_us = (sys.executable, "-m", "nox", "--noxfile", __file__, "-s")
    lines = [f"{shlex.join([*nox_of_us, *words])} || failed=1" for words in several]
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        shell = ["sh", "-c", "\n".join(["failed=0", *lines, "exit $failed"])]
        process = subprocess.Popen(
            shell, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield
            process.wait()
        finally:  # it has ended already, unless the block failed or somebody interrupts
            if process.poll() is None and isinstance(sys.exception(), KeyboardInterrupt):
                os.killpg(process.pid, signal.SIGINT)
            process.wait()
            log.seek(0)
            sys.stdout.write(log.read())
            sys.stdout.flush()
    if process.returncode:
        session.error("another session failed, see above")


@session()
def coverage(session: nox.Session) -> None:
    """Run the unit tests and fail where they run less of the package than pyproject.toml demands.

    The lines that none of them runs are listed. Arguments after -- go to pytest.
    """
    install(session, "tests")
    # Others run firmware, of which it says little. A statement is looked at until it has run once.
    counted = ("python", "-m", "slipcover", "-m", *PYTEST)
    # Its plugin is loaded before; and workers have imported much before they begin to count.
    here = ("-W", "ignore::pytest.PytestAssertRewriteWarning", "-n", "0")
    session.run(*counted, *here, "tests/unit", *session.posargs)


@session()
def quick(session: nox.Session) -> None:
    """Check a change in half a minute: lint, quick unit tests, changed kernels, one model.

    A kernel's drawn cases run on the host if it differs from where its branch began, or from the
    revision after --: `-- HEAD~3`. Without git all kernels count as changed.
    """
    install(session, "tests", "lint")
    check_style(session, fix=False)
    args = ["tests/unit", "-m", "not slow and not emulated"]
    since = session.posargs[0] if session.posargs else None
    changed = changed_kernels(since)
    if changed is None:
        session.log(f"git does not know {since or 'this folder'}: all kernels count as changed")
        args += ["tests/properties/test_kernels.py", "-k", "not on_core"]
    elif changed:
        session.log(f"changed kernels: {' '.join(changed)}")
        named = " or ".join(f"test_on_host[{name}-" for name in changed)
        args += ["tests/properties/test_kernels.py", "-k", f"not test_on_ or {named}"]
    else:
        session.log("no kernel has changed")
    session.run(*PYTEST, "-q", *args)
    session.run("boardless", "run", "digits_cnn", "--board", "mps2-an386", "--limit", "1")


def changed_kernels(since: str | None) -> list[str] | None:
    """The kernels that differ from `since`, or from where this branch left main: all of them if it
    is a header, or a file that they share. None if git does not say."""
    bases = [since] if since else ["origin/HEAD", "origin/main", "main", "HEAD"]
    git = ("git", "-C", str(ROOT))
    try:
        found = (_lines(*git, "merge-base", base, "HEAD") for base in bases)
        base = next((lines[0] for lines in found if lines), None)
        if base is None:
            return None
        names = _lines(*git, "diff", "--name-only", "--relative", base)
        names += _lines(*git, "ls-files", "--others", "--exclude-standard")
    except OSError:  # there is no git
        return None
    kernels = sorted(path.parent.name for path in (ROOT / "firmware/kernels").glob("*/lower.py"))
    changed = set()
    for path in map(Path, names):
        if path.is_relative_to("firmware/kernels"):
            own = path.parent.name in kernels and path.suffix != ".h"
            changed |= {path.parent.name} if own else {*kernels}
        elif path.parent == Path("tests/properties/strategies"):
            changed.add(path.stem)
    return sorted(changed & {*kernels})


def _lines(*command: str) -> list[str]:
    """Returns what a command printed; nothing if it failed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


@session()
def fuzz(session: nox.Session) -> None:
    """Feed every reader of foreign files with changed ones, a minute each: `-- --seconds 1800`.

    Other arguments: names of readers (see tests/fuzz/targets.py), --seed N. What is found lies in
    tests/fuzz/found, where a test repeats it.
    """
    install(session, "tests")
    session.env["PYTHONPATH"] = os.pathsep.join([str(ROOT / "sim"), str(ROOT / "tests")])
    session.run("python", "-m", "fuzz.harness", *session.posargs)


@session()
def mutations(session: nox.Session) -> None:
    """Try every way to make a model slower, larger, wrong or unjudged: each fails the gate.

    tests/mutations.py has the table, of which `tests` tries a few. Other arguments go to pytest.
    """
    install(session, "tests")
    session.env["BOARDLESS_MUTATIONS"] = "1"
    session.run(*PYTEST, "tests/emulated/test_mutations.py", *session.posargs)


@session()
def mutants(session: nox.Session) -> None:
    """Change the kernels' C a little, in thousands of ways: do their cases on the host notice?

    A table says how many of each file do, and the rest is listed, unless it is in
    tests/mutants/survivors.toml, with a reason. It fails where less than 95 % of a folder's changes
    are noticed, or less than that file says. `-- conv_2d dsp.h` tries this folder and this header
    only. It needs no emulator; `tests` tries one folder.
    """
    install(session, "tests")
    session.env["PYTHONPATH"] = os.pathsep.join([str(ROOT / "sim"), str(ROOT / "tests")])
    session.run("python", "-m", "mutants", *session.posargs)


@session()
def references(session: nox.Session) -> None:
    """Compare all models with the interpreter of every profile, on 1,000 inputs each.

    `tests` compares a few. `-- FILE.tflite ...` compares these files instead. Other arguments go to
    pytest, such as -k tflm.
    """
    install(session, "tests")
    files = [word for word in session.posargs if word.endswith(".tflite")]
    session.env["BOARDLESS_REFERENCE_INPUTS"] = "1000"
    session.env["BOARDLESS_REFERENCE_MODELS"] = os.pathsep.join(map(os.path.abspath, files))
    rest = [word for word in session.posargs if word not in files]
    session.run(*PYTEST, "tests/kernels/test_references.py", *rest)


@session()
def robot(session: nox.Session) -> None:
    """Run the Robot Framework suites on QEMU, and make the pages of their keywords.

    `-- --renode` runs them with renode-test instead, in build/robot. Other arguments go to robot,
    such as --variable MODEL:mobile_lenet:int8 or --suite faults. Log and pages are in build/robot.
    """
    install(session, "renode" if "--renode" in session.posargs else "robot")
    out = ROOT / "build" / "robot"
    out.mkdir(parents=True, exist_ok=True)
    for source in ("boardless.robot_library.Boardless", "robot_tests/resources/device.resource"):
        page = out / f"{source.rsplit('/', 1)[-1]}.html"
        session.run("python", "-m", "robot.libdoc", "--quiet", source, str(page))
    if "--renode" not in session.posargs:
        options = ("--outputdir", str(out), "--console", "dotted")
        session.run("python", "-m", "robot", *options, *session.posargs, "robot_tests")
        return
    if shutil.which("renode-test") is None:
        session.error("renode-test is not on PATH; install Renode (renode.io), then run this again")
    suites = sorted(str(path) for path in (ROOT / "robot_tests").glob("*.robot"))
    rest = [argument for argument in session.posargs if argument != "--renode"]
    renode = ("--results-dir", str(out), "--variable", "EMULATOR:renode")
    session.chdir(out)  # after 1.16.1 renode-test writes its results there, whatever it is told
    session.run("renode-test", *renode, *rest, *suites, external=True)


@session()
def lint(session: nox.Session) -> None:
    """Check Python (ruff, mypy), C (clang-format), scripts (shellcheck) and workflows (zizmor).

    `-- --fix` applies automatic fixes.
    """
    install(session, "tests", "lint", "docs")
    check_style(session, fix="--fix" in session.posargs)


def check_style(session: nox.Session, *, fix: bool) -> None:
    """Checks Python, C and shell scripts; with `fix`, what can be fixed automatically is."""
    session.run("ruff", "check", *(["--fix"] if fix else []), *CODE)
    session.run("ruff", "format", *([] if fix else ["--check", "--diff"]), *CODE)
    session.run("mypy")
    session.run("zizmor", "--offline", "--quiet", ".github", "action.yml", "examples")
    folders = ("firmware", "sim/boardless/device/plugin", "tests")
    sources = sorted(str(p.relative_to(ROOT)) for f in folders for p in (ROOT / f).rglob("*.[ch]"))
    session.run("clang-format", *(["-i"] if fix else ["--dry-run", "--Werror"]), *sources)
    session.run("shellcheck", *scripts())


def scripts() -> list[str]:
    """The shell scripts of the checkout: files without a suffix that begin with #!."""
    folders = ("*", ".ci/*", "firmware/boards/*/toolchain/*")
    files = sorted(path for folder in folders for path in ROOT.glob(folder) if path.is_file())
    found = [path for path in files if not path.suffix and path.read_bytes()[:2] == b"#!"]
    return [str(path.relative_to(ROOT)) for path in found]


@session()
def docs(session: nox.Session) -> None:
    """Build the documentation into build/docs; a warning is an error, a dead reference among them.

    A browser, if there is Chromium, looks at some pages for faults of contrast and width, and at
    all with `-- --axe`. `-- --links` asks the addresses of other sites instead, which needs a
    network.
    """
    install(session, "docs", "robot", "tests")
    builder = "linkcheck" if "--links" in session.posargs else "html"
    strict = ("--fail-on-warning", "--keep-going", "--nitpicky", "--quiet", "--fresh-env")
    folders = ("--doctree-dir", "build/doctrees", "docs", "build/docs")
    session.run("python", "-m", "sphinx", "--builder", builder, *strict, *folders)
    if builder == "html" and shutil.which("chromium"):
        everything = ["--all"] if "--axe" in session.posargs else []
        session.run("python", "tests/browser.py", "build/docs", *everything)


@session()
def gate(session: nox.Session) -> None:
    """Compare memory, instructions and predictions with those that were accepted.

    Arguments after -- go to `boardless gate`: --update to accept, --against REV.
    """
    install(session)
    session.run("boardless", "gate", *session.posargs)


@session()
def bench(session: nox.Session) -> None:
    """Count instructions by model and kind of layer, compared with peers' figures; and of single
    layers of many shapes, none of which may be slower than that of a core's vendor.

    Then price the recorded programs of all boards again and put the errors into README, which
    `-- --errors` does alone, and measure how long commands take in a fresh copy, which `-- --times`
    does alone. Other arguments go to `boardless bench`, such as --json FILE or a model's name.
    """
    install(session)
    alone = [option for option in ("--errors", "--times") if session.posargs == [option]]
    if not alone:
        session.run("boardless", "bench", *session.posargs)
    if not session.posargs:
        session.run("boardless", "bench", "--board", "mps3-an547")
        session.run("boardless", "bench", "--shapes")
    if not session.posargs or alone == ["--errors"]:
        session.run("boardless", "calibrate", "--all")
        session.run("python", "docs/_ext/readme.py")
    if not session.posargs or alone == ["--times"]:
        session.run("python", "tests/times.py")


@session()
def compare(session: nox.Session) -> None:
    """Measure and record figures of runtimes, and write docs/reference/runtimes.md of them.

    `-- --check` writes nothing and fails where a figure is not what was recorded. Other arguments:
    names of models, --board B, --runtime R, --mlperf FOLDER.
    """
    install(session, "tests")
    session.run("python", "docs/_ext/compare.py", *session.posargs)


@nox.session()
def train(session: nox.Session) -> None:
    """Train zoo models from their recipes: `nox -s train -- NAME`, all without a name.

    `-- --evaluate` checks the committed models on all held-out pictures instead, `-- --test` runs
    tests/zoo. `-- --protocol published` repeats what published accuracies are comparable with.
    TensorFlow is installed for this session only.
    """
    install(session, "tests", "train")
    if "--test" in session.posargs:
        session.run("pytest", "tests/zoo")
        return
    session.run("python", "models/train.py", *session.posargs)


@session()
def dist(session: nox.Session) -> None:
    """Build wheel and sdist into build/dist, check them, and run a user's model with the wheel.

    They are made by the steps of Containerfile, in an empty environment. The model is run in a
    folder that is no checkout, with nothing else on PATH than the system has; and looked at by what
    `uv tool install` makes of the wheel, which pipx does in the same way.
    """
    install(session, "lint")
    out = ROOT / "build" / "dist"
    shutil.rmtree(out, ignore_errors=True)
    place = Path(session.create_tmp()).resolve()
    session.env["UV"], session.env["PREFIX"] = str(place / "uv"), str(place / "boardless")
    for folder in ("uv", "boardless", "tools", "work"):
        shutil.rmtree(place / folder, ignore_errors=True)
    for step in container_steps():
        session.run("sh", "-euc", step, external=True)
    files = sorted(out.glob("*.whl")) + sorted(out.glob("*.tar.gz"))
    session.run("python", "-m", "twine", "check", "--strict", *map(str, files))
    (place / "work").mkdir()
    own = ROOT / "examples" / "own_model"
    model, images = str(own / "model.tflite"), str(own / "pictures")
    session.chdir(place / "work")
    folders = os.environ["PATH"].split(os.pathsep)
    session.env["PATH"] = os.pathsep.join(f for f in folders if not Path(f).is_relative_to(ROOT))
    session.env["BOARDLESS_BUILD_DIR"] = ""
    boardless = str(place / "boardless" / "bin" / "boardless")
    session.run(boardless, "run", model, "--images", images, external=True)
    session.env["UV_TOOL_DIR"] = str(place / "tools")
    session.env["UV_TOOL_BIN_DIR"] = str(place / "tools" / "bin")
    uv, pins = str(place / "uv" / "bin" / "uv"), str(ROOT / "constraints.txt")
    session.run(uv, "tool", "install", "-q", "-c", pins, str(files[0]), external=True)
    tool = str(place / "tools" / "bin" / "boardless")
    session.run(tool, "check", model, "--board", "mps2-an386", external=True)
    session.log(", ".join(f"{path.name}: {path.stat().st_size:,} bytes" for path in files))


def container_steps() -> list[str]:
    """The commands of Containerfile that any machine can run: all but those of apt."""
    text = (ROOT / "Containerfile").read_text().replace("\\\n", "")
    steps = [line.removeprefix("RUN ") for line in text.splitlines() if line.startswith("RUN ")]
    return [step for step in steps if not step.startswith("apt-get ")]
