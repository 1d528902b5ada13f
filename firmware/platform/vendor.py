"""Prepares environments on PlatformIO's own platforms (`extends = vendor`): before such a platform
builds, its flags, sources and linker script are replaced with ours. builder/main.py."""

from typing import Any

from boardless.core import paths
from SCons.Script import DefaultEnvironment

env = DefaultEnvironment()
their_build_program = env.BuildProgram


def build_program(env: Any) -> Any:
    flags = ("ASFLAGS", "ASPPFLAGS", "CFLAGS", "CCFLAGS", "CPPDEFINES", "CPPPATH", "LINKFLAGS")
    env.Replace(**{name: [] for name in flags}, LIBS=[])
    env.SConscript(str(paths.FIRMWARE / "platform" / "builder" / "main.py"))
    return their_build_program()


env.AddMethod(build_program, "BuildProgram")
