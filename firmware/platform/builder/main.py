"""SCons script of the in-tree platform: models on one board -> firmware.elf of each. Platforms of
PlatformIO's own use it through ../vendor.py; then compiler, image and upload are theirs.

The generated C comes from the folders in BOARDLESS_GENERATED, one per model and line, where
`boardless` itself starts the build; from a plain `pio run` it is generated here, from custom_model.
The ELF of $BUILD_DIR/generated is $BUILD_DIR/firmware.elf, that of any other folder MODEL/generated
is $BUILD_DIR/MODEL/firmware.elf.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from boardless.core import paths
from boardless.core.errors import BoardlessError, install
from boardless.device import boards
from SCons.Script import Default, DefaultEnvironment, Exit, SetOption
from SCons.Util import flatten

env = DefaultEnvironment()
firmware = paths.FIRMWARE
project = env.subst("$PROJECT_DIR")  # the tree, or links to it
SetOption("max_drift", -1)  # no trust in times: a source is new when its content is

try:
    board = boards.load(env.GetProjectOption("custom_board"))
except BoardlessError as error:
    sys.stderr.write(f"boardless: {error}\n")
    Exit(error.exit_status)

folders = os.environ.get("BOARDLESS_GENERATED", "").splitlines()
inside = not folders
if inside:
    generated = env.subst("$BUILD_DIR/generated")
    command = [sys.executable, "-m", "boardless", "compile", env.GetProjectOption("custom_model")]
    done = subprocess.run([*command, "--board", board.name, "-o", generated], check=False)
    if done.returncode:
        Exit(done.returncode)
    folders = [generated]

flags = board.toolchain.flags
ours = env["PIOPLATFORM"] == "boardless"
if ours:
    prefix = board.toolchain.prefix
    if not env.WhereIs(f"{prefix}gcc"):
        get = install(board.toolchain.debian, board.name)
        sys.stderr.write(f"boardless: {prefix}gcc is not on PATH; {get}\n")
        Exit(3)
    env.Replace(
        AR=f"{prefix}gcc-ar",
        AS=f"{prefix}gcc",
        CC=f"{prefix}gcc",
        LINK=f"{prefix}gcc",
        OBJCOPY=f"{prefix}objcopy",
        RANLIB=f"{prefix}gcc-ranlib",
        SIZETOOL=f"{prefix}size",
        ARFLAGS=["rcD"],
        PROGSUFFIX=".elf",
    )
else:  # Debian's RISC-V compiler comes without a C library, and is newer than some of theirs
    flags = tuple(f for f in flags if not f.startswith(("--specs=", "-misa-spec=")))
    env.Replace(AS="$CC", LINK="$CC")

env.Replace(ASPPFLAGS=["-x", "assembler-with-cpp", *flags])
env.Append(
    CPPFLAGS=["$MODEL_FLAGS"],
    # Paths stay out of the objects: the ELF is the same from every checkout.
    CCFLAGS=[
        *flags,
        "-ffunction-sections",
        "-fdata-sections",
        "-fno-common",
        "$(",  # what is between these is no reason to compile anew
        f"-ffile-prefix-map={project}=.",
        f"-ffile-prefix-map={paths.ROOT}=.",
        f"-ffile-prefix-map={paths.ROOT}/=",
        "$)",
        "-gno-record-gcc-switches",
    ],
    CPPPATH=[
        *(str(firmware / part) for part in ("kernels", "protocol", "hal", "app")),
        *(str(p) for p in (firmware / "hal" / board.hal,) if p.is_dir()),
    ],
    LINKFLAGS=[*flags, "-Wl,--gc-sections", "-Wl,--build-id=none"],
    LIBS=["m"],
    CPPDEFINES=[("BL_BOARD", env.StringifyMacro(board.name))],
    MODEL_FLAGS=[],
)
script = board.linker_script
if script:
    symbols = board.memory_symbols()
    env.Append(
        LINKFLAGS=[
            "-nostartfiles",
            *(f"-Wl,--defsym=bl_{name}={value:#x}" for name, value in symbols.items()),
            *("-Xlinker", "-Map=${TARGET.dir}/firmware.map"),  # -Wl splits at commas
            f"-L{firmware / 'hal' / board.hal}",
        ],
        LDSCRIPT_PATH=str(script),
    )

kernel_files = " ".join(f"+<kernels/*/*_{variant}.c>" for variant in ("ref", *board.variants))
hal_files = f"+<hal/{board.hal}/>" if (firmware / "hal" / board.hal).is_dir() else ""
env.Replace(SRC_FILTER=f"+<app/> +<protocol/> +<hal/*.c> {kernel_files} {hal_files}")

# Only app/ and what is generated depend on the model; all other objects are the board's.


class Model:
    """The objects of one model, in a folder of their own."""

    def __init__(self, generated: str) -> None:
        self.name = "" if inside else f"{Path(generated).parent.name}/"
        self.options = {
            "CPPPATH": [generated, *env["CPPPATH"]],
            "MODEL_FLAGS": [
                f"-ffile-prefix-map={generated}=generated",
                # SCons names what lies inside of the project relative to it
                f"-ffile-prefix-map={os.path.relpath(generated, project)}=generated",
            ],
        }
        sources = env.CollectBuildFiles(f"$BUILD_DIR/{self.name}generated-objects", generated)
        self.generated = [env.Object(source, **self.options)[0] for source in sources]
        env.NoCache(self.generated)
        data = [env.File(str(path)) for path in Path(generated).rglob("*.bin")]
        env.Depends(self.generated, data)  # SCons does not look into .incbin

    def app(self, source: Any) -> Any:
        stem = Path(str(source)).stem
        made = env.Object(f"$BUILD_DIR/{self.name}app/{stem}", source, **self.options)
        env.NoCache(made)
        return made


first, *others = [Model(folder) for folder in folders]
app_of_first: dict[Any, Any] = {}  # object -> source


def object_of_source(env: Any, node: Any) -> Any:
    if Path(node.srcnode().get_abspath()).resolve().parent != firmware / "app":
        return node
    made = first.app(node)
    app_of_first[made[0]] = node
    return made


def mark_whole(target: Any, source: Any, env: Any) -> None:
    """Tells a whole ELF from the part that a linker leaves when it is killed."""
    Path(f"{target[0]}.whole").touch()


def spawn(sh: str, escape: Any, program: str, words: list[str], variables: dict[str, str]) -> int:
    """Runs a command as SCons does. What a linker prints is also written next to the ELF: several
    are linked at the same time, so the log mixes their lines."""
    command = [sh, "-c", " ".join(words)]
    target = words[words.index("-o") + 1].strip('"') if "-o" in words else ""
    if not target.endswith("firmware.elf"):
        return subprocess.run(command, env=variables, check=False).returncode
    printed = Path(f"{target}.printed")
    with printed.open("wb") as file:
        status = subprocess.run(command, env=variables, stderr=file, check=False).returncode
    sys.stderr.write(printed.read_text(errors="replace"))
    return status


env.AddBuildMiddleware(object_of_source)
env.Append(PIOBUILDFILES=first.generated)
env.Append(PIOBUILDFILES=env.CollectBuildFiles("$BUILD_DIR/board", str(board.folder)))
if ours:
    env.Replace(PROGNAME=f"{first.name}firmware")
    programs = [env.BuildProgram()]
    shared = [node for node in flatten(env["PIOBUILDFILES"]) if node not in first.generated]
    for model in others:
        nodes = [model.app(app_of_first[n]) if n in app_of_first else n for n in shared]
        target = f"$BUILD_DIR/{model.name}firmware.elf"
        programs.append(env.Program(target, [*model.generated, *nodes]))
    env.NoCache(programs)
    if not inside:
        env.Replace(SPAWN=spawn)
        env.AddPostAction(programs, env.Action(mark_whole, None))
    Default(programs)
