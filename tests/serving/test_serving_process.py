"""`rosenblatt serve` as a process: when it is ready, how it ends, what it says when it cannot."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from served_models import Client, network

import rosenblatt as rb
from rosenblatt.cli import main


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.keras"
    network(3).save(path)
    return path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_ready_and_ends_at_a_signal(number: int, model: Path) -> None:
    command = [sys.executable, "-m", "rosenblatt", "serve", str(model), "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"Ready: http://127\.0\.0\.1:(\d+) \(Ctrl-C ends it\)\n", line)
        assert found, (line, process.stderr.read())
        client = Client(int(found[1]))
        assert len(client.predict([[1, 2, 3]]).predictions) == 1
        with socket.create_connection(("127.0.0.1", client.port)) as idle:  # kept open
            idle.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
            assert idle.recv(100).startswith(b"HTTP/1.1 200 ")
            os.kill(process.pid, number)
            assert process.wait(600) == 0
        assert process.stdout.read() == ""
        assert process.stderr.read() == ""


def test_what_cannot_be_served_is_one_line(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", str(model), "--port", str(port)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(
        "rosenblatt: serve: this address cannot be listened at. Given: 127.0.0.1:"
    )
    assert said.endswith(
        "Expected: an address of this machine, and a port that is free; 0 takes any.\n"
    )
    assert main(["serve", str(model), "--port", "0", "--host", "192.0.2.1"]) == 2
    assert "Given: 192.0.2.1:0: " in capsys.readouterr().err
    assert main(["serve", str(tmp_path / "nothing.keras"), "--port", "0"]) == 2
    assert "nothing.keras: no such model." in capsys.readouterr().err


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_without_the_extra(
    package: str, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["serve", str(model), "--port", "0"]) == 2
    assert capsys.readouterr().err == (
        "rosenblatt: serving.serve: an optional dependency is missing. Expected: an installed "
        f"'{package}'. Fix: pip install \"rosenblatt[serve]\"\n"
    )
    if package == "starlette":
        with pytest.raises(ImportError, match=r"pip install \"rosenblatt\[serve\]\""):
            rb.serving.application(model)


def test_the_package_imports_no_server() -> None:
    code = """
import sys
import rosenblatt.serving, rosenblatt.serving.start, rosenblatt.serving.models
print([m for m in ("starlette", "uvicorn", "anyio", "h11", "polars") if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=900)
    assert done.stdout == "[]\n", done.stderr


def test_the_application_loads_nothing_until_a_server_starts_it(tmp_path: Path) -> None:
    rb.serving.application(tmp_path / "not yet there.keras")
