"""Starting the real TensorBoard."""

from __future__ import annotations

import atexit
import importlib.util
import os
import re
import subprocess
import sys
import threading
import time
from types import TracebackType

from rosenblatt.core.errors import explain, missing

# With this module in place TensorBoard uses its own stand-in for TensorFlow, also where TensorFlow
# is installed: its import would cost seconds, and nothing here needs it.
_PROGRAM = """
import sys, types
sys.modules["tensorboard.compat.notf"] = types.ModuleType("notf")
from tensorboard.main import run_main
run_main()
"""
_ADDRESS = re.compile(r"TensorBoard \S+ at (http\S+)")


class Server:
    """A TensorBoard that runs in a process of its own; made by `start`.

    In a notebook, a cell that ends in it shows the page. Also a context manager that closes.

    Attributes:
        url: its address.
    """

    def __init__(self, process: subprocess.Popen[str], output: _Output, url: str):
        self._process = process
        self._output = output
        self.url = url

    def wait(self) -> int:
        """Wait until the server ends (Ctrl-C ends both); its exit code."""
        return self._process.wait()

    def close(self) -> None:
        """End the server."""
        self._process.terminate()
        self._process.wait()
        self._output.close()

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"TensorBoard at {self.url}"

    def _repr_html_(self) -> str:
        return f'<iframe src="{self.url}" width="100%" height="800" frameborder="0"></iframe>'


def start(
    logdir: str | os.PathLike[str], port: int = 0, host: str = "localhost", timeout: float = 60.0
) -> Server:
    """Start TensorBoard on a folder of runs, and print its address.

    Args:
        logdir: the folder; runs may be added to it later.
        port: where it listens; a free port if 0.
        host: the address it listens at; "0.0.0.0" lets other machines in.
        timeout: seconds to wait for it.

    Returns:
        The server. It ends with `close()`, or with this process.

    Raises:
        ImportError: TensorBoard is not installed.
        RuntimeError: it did not start; the message holds its last words.
    """
    if importlib.util.find_spec("tensorboard") is None:
        raise missing("tensorboard", "rosenblatt[tensorboard]", "tensorboard")
    command = [sys.executable, "-c", _PROGRAM, "--logdir", os.fspath(logdir)]
    command += ["--port", str(port), "--host", host]
    # Several processes may write to one folder at the same time.
    command += ["--reload_interval", "2", "--reload_multifile", "true"]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    output = _Output(process)
    url = output.address(timeout)
    if url is None:
        process.kill()
        process.wait()
        output.close()
        raise RuntimeError(
            explain("TensorBoard did not start.", given=output.text()[-1000:] or "no output")
        )
    _end_with_this_process(process)
    print(f"TensorBoard at {url}", flush=True)  # noqa: T201
    return Server(process, output, url)


class _Output:
    """What the server writes, read by a thread so that it never waits for us."""

    def __init__(self, process: subprocess.Popen[str]):
        self._lines: list[str] = []
        self._process = process
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        try:
            for line in self._process.stderr:
                self._lines.append(line)
        except ValueError:
            pass  # closed

    def text(self) -> str:
        return "".join(self._lines)

    def close(self) -> None:
        """Close the pipe of a process that has ended."""
        self._thread.join(5)
        if self._process.stderr is not None:
            self._process.stderr.close()

    def address(self, timeout: float) -> str | None:
        """Wait for the address; None where the server ended or took too long."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            found = _ADDRESS.search(self.text())
            if found:
                return found[1]
            if self._process.poll() is not None:
                return None
            time.sleep(0.05)
        return None


def _end_with_this_process(process: subprocess.Popen[str]) -> None:
    def end() -> None:
        if process.poll() is None:
            process.terminate()

    atexit.register(end)
