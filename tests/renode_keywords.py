"""Stands in for renode-test, and for Renode as renode-test drives it, where it is not installed.

    renode --robot-server-port 0        serves Renode's keywords as a remote library of Robot
                                        Framework (XML-RPC); QEMU is the machine
    renode-test --results-dir DIR --variable EMULATOR:renode SUITE.robot...

Renode's own renode-test works with this server, too. Only keywords that robot_tests use are there,
so a suite that passes relies on nothing that Renode lacks. As with Renode's own,

- a test that names no teardown has the emulation reset behind it, which forgets the testers;
- arguments are positional, or text NAME=VALUE; a control character is no text;
- a bus fault is reported as MemManage.
"""

from __future__ import annotations

import argparse
import inspect
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault
from xmlrpc.server import SimpleXMLRPCServer

import renode_stand_in
from robot.api import TestSuite
from robot.rebot import rebot

# What renode-test adds to every suite.
RESOURCE = """
*** Keywords ***
Setup
    Import Library    Remote    http://127.0.0.1:${PORT_NUMBER}/    AS    Renode
    Set Default Uart Timeout    8
    Reset Emulation

Teardown
    No Operation

Test Teardown
    Reset Emulation
"""


class Tester:
    """Listens to a UART."""

    def __init__(self, uart: renode_stand_in.Uart, timeout: float) -> None:
        self.uart, self.timeout = uart, timeout
        self.unfinished = bytearray()
        self.lines: queue.Queue[str] = queue.Queue()
        uart.CharReceived.append(self.take)

    def take(self, byte: int) -> None:
        if byte == ord("\n"):
            line = self.unfinished.decode("latin-1")
            self.lines.put(line.replace("e-[fault BusFault", "e-[fault MemManage"))
            self.unfinished.clear()
        elif byte not in b"\r\0":
            self.unfinished.append(byte)

    def wait(
        self, wanted: Callable[[str], re.Match[str] | None], timeout: float | None
    ) -> dict[str, Any]:
        end = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            try:
                line = self.lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise RuntimeError("Terminal tester failed!") from None
            if found := wanted(line):
                return {"Line": line, "Timestamp": 0.0, "Groups": [*found.groups()]}


class Keywords:
    """Renode's, with its names and arguments."""

    def __init__(self) -> None:
        self.monitor = renode_stand_in.Monitor()
        self.testers: list[Tester] = []
        self.timeout = 8.0

    def SetDefaultUartTimeout(self, timeout: float) -> None:
        self.timeout = timeout

    def ResetEmulation(self) -> None:
        if self.monitor.uart:
            self.monitor.uart.close()
        self.monitor = renode_stand_in.Monitor()
        self.testers.clear()

    def ExecuteCommand(self, command: str) -> str:
        try:
            self.monitor.run(command, Path.cwd())
        except (ValueError, KeyError) as error:
            said = f"There was an error when executing command '{command}': {error}"
            raise RuntimeError(said) from error
        return ""

    def CreateTerminalTester(self, uart: str, timeout: float | None = None) -> int:
        if not self.monitor.name:
            raise RuntimeError("There is no machine in the emulation.")
        peripheral = self.monitor.Machine[uart]
        if not self.testers:
            self.testers.append(Tester(peripheral, self.timeout if timeout is None else timeout))
        return 0

    def StartEmulation(self) -> None:
        self.monitor.run("start", Path.cwd())

    def WaitForLineOnUart(
        self,
        content: str,
        timeout: float | None = None,
        testerId: int | None = None,
        treatAsRegex: bool = False,
    ) -> dict[str, Any]:
        pattern = re.compile(content if treatAsRegex else re.escape(content))
        return self.tester(testerId).wait(pattern.search, timeout)

    def WaitForNextLineOnUart(
        self, timeout: float | None = None, testerId: int | None = None
    ) -> dict[str, Any]:
        return self.tester(testerId).wait(re.compile("").search, timeout)

    def WriteLineToUart(
        self, content: str = "", testerId: int | None = None, waitForEcho: bool | None = None
    ) -> dict[str, Any]:
        tester = self.tester(testerId)
        tester.uart.line.sendall(content.encode("latin-1") + b"\r")
        if waitForEcho is not False:
            tester.wait(re.compile(re.escape(content)).search, None)
        return {"Line": "", "Timestamp": 0.0, "Groups": []}

    # What renode-test calls by itself; nothing of ours uses it.
    def EnableLoggingToCache(self) -> None: ...
    def ClearCachedLog(self) -> None: ...
    def SaveCachedLog(self, path: str) -> None: ...

    def tester(self, number: int | None) -> Tester:
        if not self.testers:
            raise RuntimeError("There are no testers available.")
        return self.testers[number or 0]


def parsed(text: str, kind: str) -> Any:
    """Returns a value of the type that a keyword declares; ValueError where `text` is none."""
    if kind.startswith("bool"):
        return {"true": True, "false": False}[text.lower()]
    return {"str": str, "int": int, "float": float}[kind.split()[0]](text)


def bound(method: Callable[..., Any], given: list[Any]) -> dict[str, Any]:
    """Returns the arguments by name. LookupError, TypeError or ValueError where they do not fit."""
    parameters = inspect.signature(method).parameters
    names, found = iter(parameters), {}
    for value in given:
        named = re.fullmatch(r"(?s)(\w+)=(.+)", value) if isinstance(value, str) else None
        name, value = named.groups() if named else (next(names, ""), value)
        kind = parameters[name].annotation
        if isinstance(value, str):
            value = parsed(value, kind)
        elif kind.startswith("str") or not isinstance(value, bool | int | float):
            raise TypeError(f"{value!r} is no {kind}")  # as what Robot sends of a control character
        found[name] = value
    inspect.signature(method).bind(**found)
    return found


class Server:
    """Answers as a remote library of Robot Framework."""

    def __init__(self) -> None:
        self.keywords = Keywords()
        self.names = [name for name in vars(Keywords) if name[0].isupper()]

    def get_keyword_names(self) -> list[str]:
        return self.names

    def run_keyword(self, name: str, given: list[Any]) -> dict[str, Any]:
        if name not in self.names:
            raise Fault(1, f'Keyword "{name}" not found')
        keyword = getattr(self.keywords, name)
        try:
            arguments = bound(keyword, given)
        except (LookupError, TypeError, ValueError):
            text = f'Arguments types do not match any available keyword "{name}" : {given}'
            raise Fault(2, text) from None
        try:
            value = keyword(**arguments)
        except Exception as error:
            said = {"error": str(error), "traceback": traceback.format_exc()}
            return {"status": "FAIL", **said}
        return {"status": "PASS", **({} if value is None else {"return": value})}


def serve() -> None:
    """`renode --robot-server-port 0`: the port is in a file, where renode-test looks for it."""
    parser = argparse.ArgumentParser(prog="renode")
    parser.add_argument("--robot-server-port", type=int, required=True)
    for flag in ("--hide-log", "--disable-gui"):
        parser.add_argument(flag, action="store_true")
    asked = parser.parse_args()
    folder = Path(tempfile.gettempdir(), f"renode-{os.getpid()}")
    folder.mkdir()
    try:
        address = ("127.0.0.1", asked.robot_server_port)
        with SimpleXMLRPCServer(address, logRequests=False, allow_none=False) as server:
            server.register_instance(Server())
            (folder / "robot_port").write_text(str(server.server_address[1]))
            server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        shutil.rmtree(folder)


def main() -> None:
    """`renode-test`, with those of its options that `nox -s robot -- --renode` may get."""
    parser = argparse.ArgumentParser(prog="renode-test")
    parser.add_argument("tests", nargs="+", type=Path)
    parser.add_argument("-r", "--results-dir", type=Path, required=True)
    parser.add_argument("--variable", action="append", default=[])
    asked = parser.parse_args()
    command = ["renode", "--robot-server-port", "0", "--hide-log", "--disable-gui"]
    with subprocess.Popen(command) as renode, tempfile.TemporaryDirectory() as folder:
        port = Path(tempfile.gettempdir(), f"renode-{renode.pid}", "robot_port")
        while not (port.is_file() and port.read_text()):
            assert renode.poll() is None
            time.sleep(0.05)
        resource = Path(folder, "renode-keywords.robot")
        resource.write_text(RESOURCE)
        variables = [f"PORT_NUMBER:{port.read_text()}", *asked.variable]
        outputs = []
        for path in asked.tests:
            suite = TestSuite.from_file_system(path)
            suite.resource.imports.resource(str(resource))
            for name, fixture in ("Setup", suite.setup), ("Teardown", suite.teardown):
                if not fixture:
                    fixture.config(name=name)
            for test in suite.tests:
                if not test.has_setup:
                    test.setup.config(name="Reset Emulation")
                if not test.has_teardown:
                    test.teardown.config(name="Test Teardown")
            outputs.append(f"{folder}/{path.stem}.xml")
            suite.run(console="none", output=outputs[-1], log=None, report=None, variable=variables)
        renode.send_signal(signal.SIGINT)
        # After 1.16.1 the portable one adds "-r $(pwd)" behind whatever it is given.
        status = rebot(*outputs, outputdir=Path.cwd(), output="robot_output.xml")
    sys.exit(status)
