"""Robot Framework keywords: a model's firmware on an emulated board, pictures over its UART.

    Library    boardless.robot_library.Boardless

Names and arguments of the emulation's keywords are those of Renode, so a suite runs with `robot` on
QEMU and with `renode-test` on Renode; there, `Library  boardless.robot_library.Boardless  renode`
leaves them to Renode and brings the rest.
"""

from __future__ import annotations

from typing import Any, ClassVar

from robot.api.deco import library

from boardless import __version__
from boardless.front.robot.emulation import Emulation
from boardless.front.robot.firmware import Firmware
from boardless.front.robot.state import RENODE
from boardless.front.robot.verdicts import Verdicts
from boardless.model import profiles


def keywords(*classes: type) -> tuple[str, ...]:
    """Public methods, in the order in which they are written."""
    return tuple(name for c in classes for name in vars(c) if not name.startswith("_"))


OF_RENODE = keywords(Emulation)  # under renode-test they are Renode's
OURS = keywords(Firmware, Verdicts)


@library(scope="SUITE", version=__version__, doc_format="ROBOT")
class Boardless(Emulation, Verdicts):
    """Tests of a model's firmware on an emulated microcontroller board.

    A suite loads a firmware, boots it, sends pictures over the virtual UART and compares:

    | `Load Firmware`          | digits_cnn:int8 | mps2-an386 |
    | `Create Terminal Tester` | sysbus.uart0    |            |
    | `Start Emulation`        |                 |            |
    | `Wait For Line On Uart`  | m-ready         |            |
    | `Send Picture`           | 0               |            |
    | `Prediction Should Match Reference` |      |            |

    Emulation and UART keywords have Renode's names and arguments. The library's argument is the
    emulator: ``qemu``, ``fake``, or nothing for the board's first; ``renode`` under renode-test,
    where Renode brings those keywords itself. ``reference`` names the interpreter whose bits the
    firmware has to give: ``litert``, ``tflm`` or ``xnnpack``.
    """

    ROBOT_LISTENER_API_VERSION = 3
    ROBOT_LIBRARY_LISTENER: ClassVar[Any]

    def __init__(self, emulator: str = "", reference: str = profiles.DEFAULT) -> None:
        super().__init__(emulator, reference)
        self.ROBOT_LIBRARY_LISTENER = self  # type: ignore[misc]

    def get_keyword_names(self) -> list[str]:
        """Returns the names of all keywords; Robot Framework calls this."""
        return [*OURS, *(() if self._emulator == RENODE else OF_RENODE)]

    def end_suite(self, data: Any, result: Any) -> None:
        """No emulator outlives its suite."""
        self._stop()
