"""SCons script of the in-tree platform: models on one board -> firmware.elf of each. Platforms of
PlatformIO's own use it through ../vendor.py; then compiler, image and upload are theirs.

The generated C comes from the folders in BOARDLESS_GENERATED, one per model and line, where
`boardless` itself starts the build; from a plain `pio run` it is generated here, from custom_model.
The ELF of $BUILD_DIR/generated is $BUILD_DIR/firmware.elf, that of any other folder MODEL/generated
is $BUILD_DIR/MODEL/firmware.elf.

A file build.json among what is generated says what else a runtime needs: `include` folders, which
are relative to it or absolute; `flags` of C and C++ and `cxxflags` of C++; `libraries`;
and `sources` that lie elsewhere, which are compiled once for all models of the board.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from boardless.core import paths
from SCons.Node.FS import File
from SCons.Script import Default, DefaultEnvironment, Exit, SetOption
from SCons.Util import hash_collect, hash_signature

env = DefaultEnvironment()
firmware = paths.FIRMWARE
project = env.subst("$PROJECT_DIR")  # the tree, or links to it
SetOption("max_drift", -1)  # no trust in times: a source is new when its content is
build = env.subst("$BUILD_DIR")
folders = os.environ.get("BOARDLESS_GENERATED", "").splitlines()
inside = not folders


def signature(node: Any) -> str:
    """Returns the name of an object among those that are kept, as SCons does, but the same one in
    every build folder: `lend` gives objects to another."""
    if not hasattr(node, "cachesig"):
        made_of = [child.get_cachedir_csig() for child in node.children()]
        texts = bytes(node.get_executor().get_contents()), node.get_internal_path().encode()
        for text in texts:
            for folder in (build, os.path.relpath(build, project)):
                text = text.replace(folder.encode(), b"$BUILD_DIR")
            made_of.append(hash_signature(text))
        node.cachesig = hash_collect(made_of)
    return str(node.cachesig)


File.get_cachedir_bsig = signature


def made_here() -> dict[str, Any]:
    """Returns the recipe of a plain `pio run`, and generates the C of its model."""
    from boardless.core.errors import BoardlessError
    from boardless.device import boards, recipe

    try:
        board = boards.load(env.GetProjectOption("custom_board"))
    except BoardlessError as error:
        sys.stderr.write(f"boardless: {error}\n")
        Exit(error.exit_status)
    if inside:
        folders.append(env.subst("$BUILD_DIR/generated"))
        command = [sys.executable, "-m", "boardless", "compile"]
        command += [env.GetProjectOption("custom_model"), "--board", board.name, "-o", folders[0]]
        done = subprocess.run(command, check=False)
        if done.returncode:
            Exit(done.returncode)
    return recipe.of(board, [Path(folder) for folder in folders])


# `boardless` writes the recipe: importing what makes it takes longer than a link.
given = os.environ.get("BOARDLESS_RECIPE")
about = json.loads(Path(given).read_text(encoding="utf-8")) if given else made_here()
flags = about["flags"]
ours = env["PIOPLATFORM"] == "boardless"
if ours:
    prefix = about["prefix"]
    if not env.WhereIs(f"{prefix}gcc"):
        sys.stderr.write(f"boardless: {prefix}gcc is not on PATH; {about['install']}\n")
        Exit(3)
    env.Replace(
        AR=f"{prefix}gcc-ar",
        AS=f"{prefix}gcc",
        CC=f"{prefix}gcc",
        CXX=f"{prefix}g++",
        LINK=f"{prefix}gcc",
        OBJCOPY=f"{prefix}objcopy",
        RANLIB=f"{prefix}gcc-ranlib",
        SIZETOOL=f"{prefix}size",
        ARFLAGS=["rcD"],
        PROGSUFFIX=".elf",
    )
else:  # Debian's RISC-V compiler comes without a C library, and is newer than some of theirs
    flags = [f for f in flags if not f.startswith(("--specs=", "-misa-spec="))]
    env.Replace(AS="$CC", LINK="$CC")

hal = firmware / "hal" / about["hal"]
env.Replace(ASPPFLAGS=["-x", "assembler-with-cpp", *flags])
env.Append(
    CPPFLAGS=["$MODEL_FLAGS"],
    CXXFLAGS=["$MODEL_CXXFLAGS"],
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
        *(str(p) for p in (hal,) if p.is_dir()),
    ],
    LINKFLAGS=[*flags, "-Wl,--gc-sections", "-Wl,--build-id=none"],
    LIBS=["m"],
    CPPDEFINES=[("BL_BOARD", env.StringifyMacro(about["board"]))],
    MODEL_FLAGS=[],
    MODEL_CXXFLAGS=[],
)
if about["script"]:
    env.Append(
        LINKFLAGS=[
            "-nostartfiles",
            *(f"-Wl,--defsym=bl_{name}={value:#x}" for name, value in about["symbols"].items()),
            *("-Xlinker", "-Map=${TARGET.dir}/firmware.map"),  # -Wl splits at commas
            f"-L{hal}",
        ],
        LDSCRIPT_PATH=about["script"],
    )

# Only app/ and what is generated depend on the model; all other objects are the board's. Of the
# kernels a firmware has those that its model calls.


class Model:
    """The objects of one model, in a folder of their own, and the kernels that it needs."""

    def __init__(self, generated: str, kernels: list[str]) -> None:
        self.kernels = {firmware / name for name in kernels}
        self.name = "" if inside else f"{Path(generated).parent.name}/"
        table = Path(generated, "build.json")
        self.needs = json.loads(table.read_text()) if table.is_file() else {}
        self.include = [os.path.join(generated, path) for path in self.needs.get("include", [])]
        self.options = {
            "CPPPATH": [generated, *self.include, *env["CPPPATH"]],
            "MODEL_FLAGS": [
                f"-ffile-prefix-map={generated}=generated",
                # SCons names what lies inside of the project relative to it
                f"-ffile-prefix-map={os.path.relpath(generated, project)}=generated",
            ],
        }
        sources = env.CollectBuildFiles(f"$BUILD_DIR/{self.name}generated-objects", generated)
        options = dict(self.options)
        if self.needs:
            options["MODEL_FLAGS"] = [*self.options["MODEL_FLAGS"], *self.needs["flags"]]
            options["MODEL_CXXFLAGS"] = self.needs["cxxflags"]
        self.generated = [env.Object(source, **options)[0] for source in sources]
        env.NoCache(self.generated)
        data = [env.File(str(path)) for path in Path(generated).rglob("*.bin")]
        env.Depends(self.generated, data)  # SCons does not look into .incbin
        self.generated += self._elsewhere()

    def _elsewhere(self) -> list[Any]:
        """Returns the objects of the runtime's sources that do not depend on the model; those of
        other flags lie in another folder, so that neither is compiled again for the other."""
        found = []
        how = json.dumps([self.needs.get(x) for x in ("include", "flags", "cxxflags")])
        folder = hashlib.sha256(how.encode()).hexdigest()[:8]
        for source in self.needs.get("sources", []):
            name = f"{folder}/{source.lstrip('/').replace('/', '!')}"
            if name not in elsewhere:
                elsewhere[name] = env.Object(
                    f"$BUILD_DIR/runtime/{name}.o",
                    source,
                    CPPPATH=self.include,
                    MODEL_FLAGS=self.needs["flags"],
                    MODEL_CXXFLAGS=self.needs["cxxflags"],
                )[0]
            found.append(elsewhere[name])
        return found

    def link(self) -> dict[str, Any]:
        """Returns the linker's variables that the runtime changes."""
        libraries = self.needs.get("libraries", [])
        return {"LIBS": [*libraries, *env["LIBS"]]} if libraries else {}

    def app(self, source: Any) -> Any:
        stem = Path(str(source)).stem
        made = env.Object(f"$BUILD_DIR/{self.name}app/{stem}", source, **self.options)
        env.NoCache(made)
        return made


elsewhere: dict[str, Any] = {}  # objects of sources that are not generated, by name
first, *others = models = [*map(Model, folders, about["kernels"])]
kernels = sorted(set[Path]().union(*(model.kernels for model in models)))
kernel_files = " ".join(f"+<{path.relative_to(firmware)}>" for path in kernels)
hal_files = f"+<hal/{about['hal']}/>" if hal.is_dir() else ""
env.Replace(SRC_FILTER=f"+<app/> +<protocol/> +<hal/*.c> {kernel_files} {hal_files}")
of_board = env.CollectBuildFiles("$BUILD_DIR/board", about["folder"])
collected: list[tuple[Path, Any, Any]] = []  # (source, its node, [its object]), in their order


def object_of_source(env: Any, node: Any) -> Any:
    """Returns [the object of a source] for the first model, None where that does not need it."""
    source = Path(node.srcnode().get_abspath()).resolve()
    in_app = source.parent == firmware / "app"
    made = first.app(node) if in_app else env.Object(node)
    collected.append((source, node, made))
    return made if source not in kernels or source in first.kernels else None


def objects(model: Model) -> list[Any]:
    """Returns the objects of another model, in the order of the first one's."""
    found = [*model.generated, *of_board]
    for source, node, made in collected:
        if source not in kernels or source in model.kernels:
            found += model.app(node) if source.parent == firmware / "app" else made
    return found


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
env.Append(PIOBUILDFILES=[*first.generated, *of_board])
if ours:
    env.Replace(PROGNAME=f"{first.name}firmware", **first.link())
    programs = [env.BuildProgram()]
    for model in others:
        elf = f"$BUILD_DIR/{model.name}firmware.elf"
        programs.append(env.Program(elf, objects(model), **model.link()))
    env.NoCache(programs)
    if not inside:
        env.Replace(SPAWN=spawn)
        env.AddPostAction(programs, env.Action(mark_whole, None))
    Default(programs)
