"""Rounding profiles, each a folder found by its name: whose bits a model has to give, and how.

profiles.load("tflm").dense        # Rounding.TWICE
profiles.load("tflm").version()    # of the installed package

Interpreters of one .tflite do not agree to the last bit, because they round at other places. A
profile says which of them computes the expected outputs, and how compiler and kernels have to
round to give the same. docs/howto/references.md compares them.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from boardless.core.errors import BadInput, ToolMissing
from boardless.model.traits import Rounding

DEFAULT = "litert"


@dataclass(frozen=True)
class Answerer:
    """An interpreter: <folder>/interpreter.py here, and the set of kernels that it is to use."""

    folder: str
    kernels: str
    about: str  # after the version, such as "reference kernels"; "" where there is only one kind

    @property
    def file(self) -> Path:
        """Returns the file that a process of its own runs; it imports nothing of boardless."""
        return Path(__path__[0]) / self.folder / "interpreter.py"


@dataclass(frozen=True)
class Profile:
    """An interpreter's arithmetic, as far as interpreters differ in it."""

    name: str
    title: str  # such as "TensorFlow Lite Micro"
    package: str  # on PyPI
    # They answer in this order: the next one where one refuses a model, or dies of it.
    answerers: tuple[Answerer, ...]
    after: tuple[str, ...] = ()  # profiles that answer next, where their package is installed
    extra: str = ""  # of boardless's package, which brings `package`; "" where that is always there
    dense: Rounding = Rounding.TWICE  # how int8 rows of weights are requantised
    sums: Rounding = Rounding.TWICE  # how all other int8 sums and products are
    fixed_point_curves: bool = False  # int8 sigmoid and tanh in fixed point, not by a table
    # int16 layers that transpose a convolution take an int32 bias where the model says so.
    transposes_narrow: bool = True
    # int16 sums only shift where all scales are powers of two and the model says so.
    shifts_sums: bool = True
    single_tables: bool = False  # int16 softmax's tables are made in single precision
    # int16 sigmoid and tanh are by one table, also where the input's scale is a power of two.
    curves_of_all_scales: bool = True
    # int8 and int16 sums along axes take each byte for a number of its own, without a sign.
    sums_bytes: bool = False
    rescales_clamps: bool = True  # an int8 clamp at 6 converts to the output's scale

    def rounding(self, known: tuple[Rounding, ...]) -> Rounding:
        """Returns how an operator rounds of which there are kernels that round in the ways
        `known`: only those of dense layers have one that rounds once."""
        return self.dense if Rounding.ONCE in known else self.sums

    def version(self) -> str | None:
        """Returns the version of its package, None where that is not installed."""
        return _version(self.package)

    @property
    def named(self) -> str:
        """Returns the profile as every output names it, such as "litert 2.3.0"."""
        return f"{self.name} {self.version() or 'not installed'}"

    def need(self) -> None:
        """Raises ToolMissing where its package is not installed."""
        if self.version() is None:
            raise ToolMissing(
                f"the reference {self.name} needs the package {self.package}",
                hint=f"pip install 'boardless[{self.extra}]', or another --reference",
            )


@cache
def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def names() -> list[str]:
    """Returns the names of all profiles, the default first."""
    found = {module.name for module in pkgutil.iter_modules(__path__)}
    return [DEFAULT, *sorted(found - {DEFAULT})]


@cache
def load(name: str = DEFAULT) -> Profile:
    """Returns the profile of this name; BadInput lists the known ones."""
    if name not in names():
        raise BadInput(f"unknown reference {name!r}", hint=f"known: {', '.join(names())}")
    found = importlib.import_module(f"{__name__}.{name}").PROFILE
    assert isinstance(found, Profile)
    assert found.name == name
    return found


def others(name: str) -> list[Profile]:
    """Returns the other profiles whose packages are installed."""
    found = [load(other) for other in names() if other != name]
    return [profile for profile in found if profile.version() is not None]
