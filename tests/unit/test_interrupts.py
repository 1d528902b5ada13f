"""Ctrl-C at a bad moment: none is lost or shows a traceback; a second one disturbs nothing."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from boardless.core import interrupts
from boardless.core.errors import ToolFailed
from boardless.path import workers
from boardless.path.request import Progress, Request

SENT = "import signal; signal.raise_signal(signal.SIGINT)"


def ended(script: str) -> tuple[int, str]:
    """Returns the status of a script, and its standard error."""
    command = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


def test_before_anything_is_imported() -> None:
    script = f"""
        import sys
        from boardless.__main__ import main
        class Finder:
            def find_spec(self, name, *_):
                if name == "click":
                    {SENT}
        sys.meta_path.insert(0, Finder())
        sys.argv = ["boardless", "models"]
        main()
    """
    assert ended(script) == (interrupts.STATUS, f"{interrupts.SAID}\n")


COMMAND = """
    import sys
    from boardless.__main__ import main
    from boardless.commands import models
    class Ending:
        def __del__(self):
            {sent}
    def callback(**_):
        {body}
    models.command.callback = callback
    sys.argv = ["boardless", "models"]
    main()
"""


@pytest.mark.parametrize(
    "body",
    [
        SENT,
        f"exec({SENT!r})",  # Python itself remembers these, and would end by a signal
        "Ending(); import time; time.sleep(50)",  # what is raised in a __del__ is ignored
        f"import contextlib, time\n        with contextlib.suppress(BaseException): {SENT}\n"
        "        time.sleep(50)",  # as libraries do where they try to import another
    ],
)
def test_wherever_it_comes_it_is_not_lost(body: str) -> None:
    status, said = ended(COMMAND.format(sent=SENT, body=body))
    assert (status, said.strip()) == (interrupts.STATUS, interrupts.SAID)


def test_a_second_one_does_not_disturb_the_end_of_the_first() -> None:
    body = [
        "from boardless.core import children",
        "with children.group(['sleep', '300']) as process:",
        "    try:",
        f"        {SENT}",
        "    finally:",
        f"        {SENT}",
        "        print(process.wait(40), file=sys.stderr)",
    ]
    status, said = ended(COMMAND.format(sent=SENT, body="\n        ".join(body)))
    assert (status, said.split()) == (interrupts.STATUS, ["-15", *interrupts.SAID.split()])


def test_once_it_has_arrived_no_other_is_raised() -> None:
    body = [
        "import signal; from boardless.core import interrupts",
        "try: signal.raise_signal(signal.SIGTERM)",
        "except KeyboardInterrupt: interrupts.heard()  # as the end of a process of workers",
        "for number in (signal.SIGTERM, signal.SIGALRM): signal.raise_signal(number)",
    ]
    script = COMMAND.format(sent=SENT, body="\n        ".join(body))
    assert ended(script) == (0, "")


class Endless:
    """Stands for a worker whose requests take as long as nobody ends it."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def __enter__(self) -> Endless:
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()

    def alive(self) -> bool:
        return not self.over.is_set()

    def measure(self, request: Request, progress: Progress) -> ToolFailed:
        assert self.over.wait(60)
        return ToolFailed("it was ended")

    def build(self, *_: object) -> dict[int, Any]:
        assert self.over.wait(60)
        return {}

    end = __exit__


def test_while_the_threads_of_the_workers_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Endless] = []
    there = threading.Event()

    def worker() -> Endless:
        begun.append(Endless())
        there.set()
        return begun[-1]

    submit = ThreadPoolExecutor.submit

    def interrupted(self: ThreadPoolExecutor, *given: Any) -> Any:
        if begun:
            raise KeyboardInterrupt
        future = submit(self, *given)
        assert there.wait(60)
        return future

    monkeypatch.setattr(workers, "Worker", worker)
    monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
    wanted = [Request("digits_cnn:int8", board) for board in ("a", "b", "c")]
    landed: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        workers.measure_all(wanted, lambda *_: None, lambda n, _: landed.append(n), jobs=2)
    assert len(landed) == 1, "nothing begins afterwards"


def test_whoever_waits_for_a_build_that_was_given_up_goes_on() -> None:
    requests = [Request(f"model{number}", "mps2-an386") for number in range(2)]
    waiting = workers._Waiting(requests)
    taken = waiting.take(None)
    assert taken
    group, number = taken
    assert number is None, "its firmwares are to be built"
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(waiting.take, None)
        waiting.give_up()
        assert other.result(60) is None
    waiting.built(group, ())
    assert waiting.take(group) is None
