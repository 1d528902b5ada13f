"""SCons script of the in-tree platform: one model, one board -> firmware.elf. PlatformIO's own
platforms use it through ../vendor.py; then compiler, image and upload are theirs.

The generated C comes from BOARDLESS_GENERATED where `boardless` itself starts the build; from a
plain `pio run` it is generated here, from custom_model.
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

env = DefaultEnvironment()
firmware = paths.FIRMWARE
project = env.subst("$PROJECT_DIR")  # the tree, or links to it
SetOption("max_drift", -1)  # no trust in times: a source is new when its content is

try:
    board = boards.load(env.GetProjectOption("custom_board"))
except BoardlessError as error:
    sys.stderr.write(f"boardless: {error}\n")
    Exit(error.exit_status)

generated = os.environ.get("BOARDLESS_GENERATED")
if not generated:
    generated = env.subst("$BUILD_DIR/generated")
    command = [sys.executable, "-m", "boardless", "compile", env.GetProjectOption("custom_model")]
    done = subprocess.run([*command, "--board", board.name, "-o", generated], check=False)
    if done.returncode:
        Exit(done.returncode)

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
        PROGNAME="firmware",
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
        f"-ffile-prefix-map={project}=.",
        f"-ffile-prefix-map={paths.ROOT}=.",
        f"-ffile-prefix-map={paths.ROOT}/=",
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
            *("-Xlinker", f"-Map={env.subst('$BUILD_DIR')}/firmware.map"),  # -Wl splits at commas
            f"-L{firmware / 'hal' / board.hal}",
        ],
        LDSCRIPT_PATH=str(script),
    )

kernel_files = " ".join(f"+<kernels/*/*_{variant}.c>" for variant in ("ref", *board.variants))
hal_files = f"+<hal/{board.hal}/>" if (firmware / "hal" / board.hal).is_dir() else ""
env.Replace(SRC_FILTER=f"+<app/> +<protocol/> +<hal/*.c> {kernel_files} {hal_files}")

# Only app/ and what is generated depend on the model; all other objects are the board's.
model_flags = [
    f"-I{generated}",
    f"-ffile-prefix-map={generated}=generated",
    # SCons names what lies inside of the project relative to it
    f"-ffile-prefix-map={os.path.relpath(generated, project)}=generated",
]
generated_files = [env.File(str(path)) for path in Path(generated).rglob("*") if path.is_file()]


def object_of_model(env: Any, node: Any) -> Any:
    made = env.Object(node, MODEL_FLAGS=model_flags)
    env.Depends(made, generated_files)  # SCons does not look into .incbin
    return made


def object_of_source(env: Any, node: Any) -> Any:
    folder = Path(node.srcnode().get_abspath()).resolve().parent
    return object_of_model(env, node) if folder == firmware / "app" else node


nodes = env.CollectBuildFiles("$BUILD_DIR/generated-objects", generated)
env.Append(PIOBUILDFILES=[object_of_model(env, node) for node in nodes])
env.AddBuildMiddleware(object_of_source)
env.Append(PIOBUILDFILES=env.CollectBuildFiles("$BUILD_DIR/board", str(board.folder)))
if ours:
    Default(env.BuildProgram())
