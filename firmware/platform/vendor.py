"""For environments on PlatformIO's own platforms (`extends = vendor`): when such a platform is
about to build, its flags, sources and linker script make way for ours. builder/main.py."""

from boardless.core import paths
from SCons.Script import DefaultEnvironment

env = DefaultEnvironment()
their_build_program = env.BuildProgram


def build_program(env):
    flags = ("ASFLAGS", "ASPPFLAGS", "CFLAGS", "CCFLAGS", "CPPDEFINES", "CPPPATH", "LINKFLAGS")
    env.Replace(**{name: [] for name in flags}, LIBS=[])
    env.SConscript(str(paths.FIRMWARE / "platform" / "builder" / "main.py"))
    return their_build_program()


env.AddMethod(build_program, "BuildProgram")
