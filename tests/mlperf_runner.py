"""Stands in for the published runner of MLPerf Tiny: a folder with a main.py of its own. It takes
the same arguments, finds its device in the same way, and keeps the same dialogue."""

from __future__ import annotations

from pathlib import Path

SCRIPT = "tests_accuracy.yaml"
MAIN = """
import argparse, csv, json, re, sys
from pathlib import Path
import joulescope, serial, usb.core, yaml
from serial.tools import list_ports

parser = argparse.ArgumentParser()
for short, name in ("-d", "--device_list"), ("-t", "--test_script"), ("-s", "--dataset_path"):
    parser.add_argument(short, name, required=True)
parser.add_argument("-m", "--mode", choices=["e", "p", "a"], required=True)
asked = parser.parse_args()
(device,) = yaml.safe_load(Path(asked.device_list).read_text())
ports = [
    p.device
    for p in list_ports.comports(True)
    if p.vid and device["usb"].get(p.vid) == p.pid and p.description
]
assert device["type"] == "dut" and len(ports) == 1
assert not list(usb.core.find(find_all=True))
port = serial.Serial(ports[0], device["baud"], timeout=5)


def send(command):
    port.write(command.encode() + b"%")
    lines = []
    while not lines or "m-ready" not in lines[-1]:
        lines.append(port.read_until(b"\\n").decode().strip("\\r\\n"))
        assert lines[-1], f"No response to command {command}"
    return lines


about = dict(re.findall(r"m-(model|profile)-\\[([^]]+)]", "\\n".join(send("profile"))))
folder = Path(asked.dataset_path, about["model"])
found = []
for row in csv.reader((folder / "y_labels.csv").read_text().splitlines()):
    data = (folder / row[0]).read_bytes()
    assert send(f"db load {len(data)}")[0] == f"m-[Expecting {len(data)} bytes]"
    for i in range(0, len(data), 31):
        answer = send("db " + data[i : i + 31].hex())
    assert answer == ["m-load-done", "m-ready"], answer
    (line,) = [x for x in send("infer 1 0") if x.startswith("m-results-")]
    found.append([float(x) for x in re.fullmatch(r"m-results-\\[([^]]+)]", line)[1].split(",")])
Path("found.json").write_text(json.dumps(found))
sys.exit(yaml.safe_load(Path(asked.test_script).read_text())["status"])
"""


def install(folder: Path, status: int = 0) -> None:
    """Writes the runner; it ends with `status`."""
    folder.mkdir(parents=True)
    (folder / "main.py").write_text(MAIN)
    (folder / SCRIPT).write_text(f"status: {status}\n")
