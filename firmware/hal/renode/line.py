# Renode's side of the line. Renode runs this in its own Python (IronPython 2.7):
#
#   include @line.py
#   boardless_line "sysbus.uart0" PORT
#
# connects a UART with a socket that boardless listens on, on the loopback address. Renode's own
# socket terminals would listen themselves, on every interface. When the socket ends, Renode ends,
# after it has called what is in boardless_at_end.
# ruff: noqa: E402, F821, SIM105 (Renode supplies `monitor`; references come before imports)
import clr

for assembly in (
    "System",
    "System.Diagnostics.Process",
    "System.Net.Sockets",
    "System.Net.Primitives",
    "System.Threading",
):
    try:
        clr.AddReference(assembly)
    except Exception:  # where a class lives differs between .NET and Mono
        pass

from Antmicro.Renode.Backends.Terminals import BackendTerminal
from System.Diagnostics import Process
from System.Net.Sockets import TcpClient
from System.Threading import Thread, ThreadStart

boardless_at_end = []


class Line(BackendTerminal):
    """A terminal of Renode, as its own are; input reaches the UART in step with the machine."""

    def open(self, port):
        client = TcpClient("127.0.0.1", port)
        client.NoDelay = True
        self.stream = client.GetStream()

    def WriteChar(self, value):
        try:
            self.stream.WriteByte(value)
        except Exception:
            end()

    def listen(self):
        try:
            while True:
                value = self.stream.ReadByte()
                if value < 0:
                    break
                self.CallCharReceived(value)
        except Exception:
            pass
        end()


def end():
    """Kills this process. Environment.Exit would wait for Renode's own shutdown, which the end of
    standard input has begun; the two can wait for each other for ever."""
    try:
        for finish in boardless_at_end:
            finish()
    finally:
        Process.GetCurrentProcess().Kill()


def mc_boardless_line(uart, port):
    line = Line()
    line.open(int(port))
    line.AttachTo(monitor.Machine[uart])
    reader = Thread(ThreadStart(line.listen))
    reader.IsBackground = True
    reader.Start()
