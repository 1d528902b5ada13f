"""boardless: the command line. Exit status: 0 all well, 1 a verdict failed, 2 bad usage or input,
3 a tool or emulator is missing or failed, 130 interrupted."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from boardless import (
    __version__,
    bench,
    boards,
    build,
    compiler,
    doctor,
    emulators,
    evaluate,
    export,
    mlperf,
    pictures,
    serve,
    structures,
    suite,
    zoo,
)
from boardless.cycles.calibration.command import calibrate
from boardless.cycles.command import count_command, profile_command
from boardless.errors import BoardlessError
from boardless.gate import judge, tolerances
from boardless.gate.command import gate
from boardless.link import faults
from boardless.link.client import Client
from boardless.link.unsigned_input import UnsignedInput
from boardless.pictures import USUAL
from boardless.records import Board, Run, Verdict
from boardless.report import bench as bench_report
from boardless.report import command as report_command
from boardless.report import gate as gate_report
from boardless.report import record, table
from boardless.terminal import (
    board_option,
    core_option,
    cycles_option,
    emulator_option,
    json_option,
    labelled,
    part_option,
    progress_bar,
)


def port_options(command: Any) -> Any:
    """--port and --baud of a real board, for the fields of that name of evaluate.Request."""
    port = click.option(
        "--port",
        metavar="DEVICE",
        help="A real board on this serial port, such as /dev/ttyACM0, instead of an emulator. It "
        "must run the firmware of this very build; a line says what to flash where it does not.",
    )
    baud = click.option(
        "--baud",
        type=click.IntRange(1),
        metavar="N",
        help="Of the serial port. Default: what board.toml says, else 115200.",
    )
    return port(baud(command))


class Link(click.ParamType[faults.Faults]):
    """--bad-line"""

    name = "drop=P,flip=P,..."

    def convert(self, value: Any, param: Any, ctx: Any) -> faults.Faults:
        return faults.parse(value)


bad_line_option = click.option(
    "--bad-line",
    type=Link(),
    help="Damage the line on purpose: drop and flip are probabilities per byte, split and delay "
    "byte counts, such as drop=0.001,flip=0.001,split=3,delay=2,seed=1.",
)
fold_option = click.option(
    "--fold/--no-fold",
    default=True,
    show_default=True,
    help="Leave out filters and channels that carry no information, such as filters of zeros. It "
    "saves time and memory and changes no result; --no-fold runs the model as it was made.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="boardless")
def cli() -> None:
    """Tells, without a board, whether a TinyML classifier still predicts the same on a
    microcontroller, still fits, and is still as fast.

    MODEL is NAME, NAME:int8 or NAME:float32 of the zoo (see `boardless models`; NAME alone is
    int8), or the path of a .tflite file.
    """


cli.add_command(profile_command)
cli.add_command(count_command)
cli.add_command(gate)
cli.add_command(calibrate)
cli.add_command(report_command.report_command)


@cli.command("boards")
@json_option
def boards_command(json_file: str | None) -> None:
    """List the boards and whether they can run here."""
    rows = []
    for name in boards.names():
        board = boards.load(name)
        missing = {}
        for emulator in board.emulators:
            try:
                emulators.load(emulator).version(board)
                build.toolchain(board)
                missing[emulator] = ""
            except BoardlessError as error:
                missing[emulator] = str(error)
        rows.append(record.board(board, missing))
    if json_file:
        record.write(rows, json_file)
    if json_file != "-":
        table.show(
            "",
            ("board", "core", "emulators", "#flash", "#RAM", "available"),
            [
                (
                    r["name"],
                    r["core"],
                    ", ".join(r["emulators"]),
                    f"{r['flash_bytes']:,}",
                    f"{r['ram_bytes']:,}",
                    "yes" if r["available"] else "no: " + "; ".join(r["missing"].values()),
                )
                for r in rows
            ],
        )


@cli.command()
@board_option
@json_option
def models(board: str, json_file: str | None) -> None:
    """List the models of the zoo with accuracy, arena and flash (of a build for --board)."""
    rows = []
    target = boards.load(board)
    with progress_bar() as progress:
        for name in zoo.names():
            rows.append(_model(name, target, progress))
    if json_file:
        record.write(rows, json_file)
    if json_file != "-":
        columns = (
            "model",
            "input",
            "#classes",
            "#parameters",
            "#MACs",
            "#accuracy",
            "#arena",
            "#flash",
        )
        table.show(
            "",
            columns,
            [
                (
                    f"{r['name']}:{kind}",
                    "x".join(map(str, r["input_shape"])),
                    str(len(r["classes"])),
                    f"{r['parameters']:,}",
                    f"{r['macs']:,}",
                    f"{r['accuracy'][kind]:.2%}",
                    f"{r['arena_bytes'][kind]:,}",
                    f"{r['flash_bytes'][kind]:,}",
                )
                for r in rows
                for kind in r["types"]
            ],
        )


def _model(name: str, board: Board, progress: evaluate.Progress) -> dict[str, Any]:
    """What `boardless models` says of one; builds each of its types."""
    about = zoo.results(name)
    row: dict[str, Any] = {
        "name": name,
        "types": zoo.types(name),
        "parameters": about.parameters,
        "input_shape": list(about.input_shape),
        "classes": list(about.classes),
        "accuracy": about.accuracy,
        "accuracy_origin": f"{about.test_pictures} pictures of {about.data_origin}",
        "arena_bytes": {},
        "flash_bytes": {},
    }
    for kind in row["types"]:
        progress(f"{name}:{kind} building", 0, 0)
        program = compiler.compile_graph(zoo.find(f"{name}:{kind}").graph, board.twins)
        row["macs"] = program.nominal_macs
        row["arena_bytes"][kind] = program.arena.arena_bytes
        row["flash_bytes"][kind] = build.build(program, board).flash_bytes
    return row


@cli.command("doctor")
@json_option
def doctor_command(json_file: str | None) -> None:
    """Say for every tool what was found, what it is for and how to get it."""
    rows = doctor.tools()
    if json_file:
        keys = ("name", "found", "purpose", "get", "required")
        record.write([{k: getattr(r, k) for k in keys} for r in rows], json_file)
    if json_file != "-":
        table.show(
            "",
            ("tool", "found", "for", "how to get it"),
            [
                (
                    r.name,
                    r.found or ("[red]missing[/red]" if r.required else "missing, optional"),
                    r.purpose,
                    "" if r.found else r.get,
                )
                for r in rows
            ],
        )
    missing = [r.name for r in rows if r.required and not r.found]
    if missing:
        click.echo(f"boardless: missing: {', '.join(missing)}; run ./bootstrap", err=True)
        sys.exit(3)


@cli.command("compile")
@click.argument("model")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Made where it does not exist.",
)
@board_option
@fold_option
@json_option
def compile_command(
    model: str, output: Path, board: str, fold: bool, json_file: str | None
) -> None:
    """Write MODEL as C: model.c, model_config.h, weights.S and weights.bin.

    MODEL is a name of the zoo (`boardless models`) or the path of a .tflite file. The kernels are
    those that --board can run best.
    """
    target = boards.load(board)
    program = compiler.compile_graph(zoo.find(model).graph, target.twins, fold)
    build_id = build.build_key(program, target, build.toolchain(target))
    written = build.write_sources(program, build_id, output)
    data = {
        "model": program.name,
        "board": board,
        "build_id": build_id,
        "files": [str(p) for p in written],
        "layers": len(program.layers),
        "macs": program.macs,
        "nominal_macs": program.nominal_macs,
        "arena_bytes": program.arena.arena_bytes,
        "arena_lower_bound": program.arena.lower_bound,
        "buffers": program.arena.picture(),
    }
    if json_file:
        record.write(data, json_file)
    if json_file != "-":
        click.echo(
            f"{program.name}: {data['layers']} layers, {program.macs:,} MACs, "
            f"arena {program.arena.arena_bytes:,} bytes -> {output}"
        )


@cli.command("export")
@click.argument("model")
@click.option(
    "--format",
    "form",
    required=True,
    type=click.Choice(export.names()),
    help=" ".join(f"{name}: {export.about(name)}" for name in export.names()),
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Made where it does not exist.",
)
def export_command(model: str, form: str, output: Path) -> None:
    """Write MODEL in a form that other firmware takes, without anything of boardless's own.

    MODEL is a name of the zoo (`boardless models`) or the path of a .tflite file.
    """
    for path in export.write(form, zoo.find(model), output):
        click.echo(f"{path}: {path.stat().st_size:,} bytes")


@cli.command("plan")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@board_option
@click.option(
    "--measure", is_flag=True, help="Build and run each for its RAM with stack and flash."
)
@json_option
def plan_command(models: tuple[str, ...], board: str, measure: bool, json_file: str | None) -> None:
    """Show what the activations of each MODEL need: the arena, the least that any plan needs, the
    same without overlapping, and the layer at the peak. Nothing is built without --measure.

    MODEL is a name of the zoo (`boardless models`) or the path of a .tflite file. Without a MODEL:
    networks that others publish figures of, with random weights, beside those figures.

    --measure measures RAM twice: with the test server's own copy of the picture, and without it,
    where the plan keeps the input alive (`boardless run --keep-input`).
    """
    target = boards.load(board)
    rows = []
    with progress_bar() as progress:
        for model in models or tuple(structures.STRUCTURES):
            network = zoo.find(model).graph
            program = compiler.compile_graph(network, target.twins)
            disjoint = compiler.compile_graph(network, target.twins, overlap=False)
            requests = [evaluate.Request(model, board, keep_input=kept) for kept in (False, True)]
            measured = [
                record.memory(*evaluate.footprint(request, labelled(request, progress)))
                for request in (requests if measure else [])
            ]
            published = structures.PUBLISHED.get(program.name)
            rows.append(record.plan(program, disjoint.arena.arena_bytes, published, measured))
    if json_file:
        record.write(rows, json_file)
    if json_file != "-":
        table.plans(rows)


@cli.command("run")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option(
    "--board",
    "board_names",
    multiple=True,
    default=("mps2-an386",),
    show_default=True,
    help="See `boardless boards`; may be given more than once.",
)
@emulator_option
@click.option(
    "--images",
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="A .npz with `images` (N,H,W,C) uint8 or `inputs` (N,...) in the model's type, and "
    "`labels`; or a folder of class folders. Default: the zoo model's test pictures.",
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N pictures.")
@click.option(
    "--pixels",
    type=click.Choice(list(USUAL)),
    help="What pixels 0..255 mean to MODEL. Default: as it was trained, for models of the zoo; for "
    "a file of your own read off an int8 input's range, else 0..1.",
)
@click.option(
    "--link",
    type=click.Choice(["uart", "memory"]),
    help="How pictures get to the device: over the emulated line, or through memory that it shares "
    "with us, which is faster. Predictions and counts are the same. Default: memory where the "
    "board can.",
)
@port_options
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Devices at once. Default: one per processor.",
)
@click.option(
    "--keep-input",
    is_flag=True,
    help="Keep the input where it is until the inference ends. Usually the arena is smaller when "
    "later layers may overwrite it, but then the server needs a copy of every picture.",
)
@core_option
@part_option
@cycles_option
@bad_line_option
@fold_option
@json_option
def run_command(
    models: tuple[str, ...], board_names: tuple[str, ...], json_file: str | None, **options: Any
) -> None:
    """Build MODEL for a board, run it on pictures, compare with the reference.

    MODEL is NAME, NAME:int8 or NAME:float32 of the zoo (see `boardless models`; NAME alone is
    int8), or the path of a .tflite file.

    The board is emulated, or with --port a real one. Every output is compared with what TensorFlow
    Lite's reference kernels make of the same picture: int8 must be equal to the last bit, float32
    within 1e-5 and with the same top class. Exit status: 0 all well, 1 an output differs, 2 bad
    usage or input, 3 a tool is missing or failed.
    """
    if options["baud"] and not options["port"]:
        raise click.UsageError("--baud is for --port")
    if options["port"] and options["emulator"] not in (None, "serial_port"):
        raise click.UsageError("--port is a real board: it excludes --emulator")
    requests = [evaluate.Request(model=m, board=b, **options) for b in board_names for m in models]
    with progress_bar() as progress:
        results = [_evaluate(request, progress) for request in requests]
    _finish(results, json_file, single=len(requests) == 1)


@cli.command()
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option(
    "--boards",
    "which",
    default="default",
    show_default=True,
    help="default, all, or names separated by commas.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    help="The first N pictures of each data set. Default: 4 to 64, fewer of large ones.",
)
@json_option
def sim(models: tuple[str, ...], which: str, limit: int | None, json_file: str | None) -> None:
    """Run every model of the zoo, or each MODEL, on every default board, and judge it: what
    `nox -s sim` runs.

    Outputs are compared with the reference, and all figures with the accepted ones, as
    `boardless gate` does. --boards all leaves out, and names, boards whose tools are not installed.
    A model that does not fit into a board is named with the bytes that are missing; that is no
    failure. Exit status: 0 all well, 1 an output is wrong or the gate is shut.
    """
    chosen = suite.choose(which, lambda text: click.echo(text, err=True))
    cases = judge.cases(models, [board.name for board in chosen])
    with progress_bar() as progress:
        outcomes = suite.run(cases, limit, lambda request: labelled(request, progress))
    results = [(o.run, o.verdict) for o in outcomes if o.run and o.verdict]
    rows = [o.gate for o in outcomes if o.gate]
    small = [o.misfit for o in outcomes if o.misfit]
    gates = [gate_report.row(row) for row in rows]
    if json_file:
        data = [record.run(*result) | {"gate": g} for result, g in zip(results, gates, strict=True)]
        data += [
            {"model": m.case.model, "board": m.case.board.name, "ok": None, "reason": m.what}
            for m in small
        ]
        record.write(data, json_file)
    if json_file != "-":
        table.runs(results, [gate_report.word(row) for row in rows])
    gated = judge.report(rows, tolerances.load(), models, small)
    gate_report.lines(gated, stderr=json_file == "-")
    kept = report_command.keep(results, gates, "boardless sim")
    click.echo(f"report: {kept}", err=True)
    if not (gated.ok and all(outcome.ok for outcome in outcomes)):
        sys.exit(1)


@cli.command("bench")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@board_option
@json_option
def bench_command(models: tuple[str, ...], board: str, json_file: str | None) -> None:
    """Count instructions by model and kind of layer, beside peers' figures: what `nox -s bench`
    runs.

    Without a MODEL: those of bench.toml, of which some have limits. Outputs are compared with the
    reference first.
    """
    target = boards.load(board)
    rows = []
    with progress_bar() as progress:
        for case in bench.cases(models):
            request = evaluate.Request(case.model, board)
            rows.append(bench.measure(case, target, labelled(request, progress)))
    if json_file:
        record.write(bench_report.record(rows, board), json_file)
    if json_file != "-":
        bench_report.show(rows)
    if not bench.ok(rows):
        sys.exit(1)


def _evaluate(request: evaluate.Request, progress: evaluate.Progress) -> tuple[Run, Verdict]:
    return evaluate.evaluate(request, labelled(request, progress))


def _finish(results: list[tuple[Run, Verdict]], json_file: str | None, *, single: bool) -> None:
    if json_file:
        data = [record.run(r, v) for r, v in results]
        record.write(data[0] if single else data, json_file)
    if json_file != "-":
        table.runs(results)
    if not all(verdict.ok for _, verdict in results):
        sys.exit(1)


@cli.command("serve")
@click.argument("model")
@board_option
@emulator_option
@click.option("--pty", "as_pty", is_flag=True, help="On a pseudo-terminal (the default).")
@click.option(
    "--tcp",
    "port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="On 127.0.0.1:PORT; 0 takes a free one.",
)
@click.option(
    "--uint8",
    is_flag=True,
    help="The client sends pixels 0..255 to an int8 model, as MLPerf Tiny's vww01 and ic01 do.",
)
def serve_command(
    model: str, board: str, emulator: str | None, as_pty: bool, port: int | None, uint8: bool
) -> None:
    """Lend the emulated UART to any other client, until Ctrl-C.

    MODEL is a name of the zoo (`boardless models`) or the path of a .tflite file. The line speaks
    MLPerf Tiny's device protocol; type `help%`.
    """
    if as_pty and port is not None:
        raise click.UsageError("--pty and --tcp exclude each other")
    request = evaluate.Request(model=model, board=board, emulator=emulator)
    with progress_bar() as progress:
        _, built, chosen = evaluate.firmware(request, progress)
    session = emulators.load(chosen).start(built.board, built.elf, shared=False)
    lent = UnsignedInput(session) if uint8 else session

    def announce(address: str) -> None:
        click.echo(address)
        click.echo(f"{built.model} on {board} ({chosen}); Ctrl-C ends it", err=True)

    try:
        Client(session).boot()  # whoever counts answers must not see the greeting of the boot
        if port is None:
            serve.pty(lent, announce)
        else:
            serve.tcp(lent, port, announce)
    except KeyboardInterrupt:
        pass  # the documented way to end it
    finally:
        session.close()


@cli.command("mlperf")
@click.argument("model")
@board_option
@emulator_option
@click.option("--mode", type=click.Choice(["accuracy", "performance"]), default="accuracy")
@click.option(
    "--images",
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="As for `boardless run`.",
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N pictures.")
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=mlperf.SECONDS,
    show_default=True,
    help="Virtual time of each window of a performance run, at least.",
)
@json_option
def mlperf_command(
    model: str,
    board: str,
    emulator: str | None,
    mode: str,
    images: Path | None,
    limit: int | None,
    seconds: float,
    json_file: str | None,
) -> None:
    """Run MODEL as MLPerf Tiny's runner would: only commands of its device protocol.

    An accuracy run sends every picture once; exit status 1 where a result differs from the
    reference. A performance run takes the median of 5 windows; its seconds are virtual time, the
    same in every run.
    """
    request = evaluate.Request(model, board, emulator)
    with progress_bar() as progress:
        found, built, chosen = evaluate.firmware(request, labelled(request, progress))
        fed = pictures.load(found, images, limit)
        say = labelled(request, progress)
        result = mlperf.run(mode, found, built, chosen, fed, seconds, say)
    if json_file:
        record.write(result, json_file)
    if json_file != "-":
        shown = [(k, v) for k, v in result.items() if not isinstance(v, list)]
        rows = [(k, f"{v:.4g}" if isinstance(v, float) else str(v)) for k, v in shown]
        table.show("", ("what", "found"), rows)
    if not result.get("ok", True):
        sys.exit(1)


def _guarded(call: Callable[[], Any]) -> int:
    """Runs the command line; every failure becomes one line and an exit status."""
    try:
        call()
        return 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BoardlessError as error:
        click.echo(f"boardless: {' '.join(str(error).split())}", err=True)
        return error.exit_status
    except (KeyboardInterrupt, click.Abort):
        click.echo("boardless: interrupted", err=True)
        return 130
    except BrokenPipeError:  # such as `boardless models | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # a bug: still one line, with the way to see where
        if os.environ.get("BOARDLESS_TRACEBACK"):
            traceback.print_exc()
        click.echo(
            f"boardless: bug: {type(error).__name__}: {error}; please report it with what "
            "BOARDLESS_TRACEBACK=1 shows",
            err=True,
        )
        return 3


def _terminate(*_: Any) -> None:
    raise KeyboardInterrupt


def main() -> None:
    signal.signal(signal.SIGTERM, _terminate)  # so that emulators are ended then, too
    sys.exit(_guarded(lambda: cli(standalone_mode=False)))
