"""What a server takes of each request, and of all together."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from served_models import JSON, Client, Reply, network, running

import rosenblatt as rb
from rosenblatt.serving.served_network import ServedNetwork

BYTES = 2000


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with running(network(3), bytes=BYTES, rows=20) as client:
        yield client


def test_a_body_that_is_too_long_is_refused_before_it_is_read(client: Client) -> None:
    with socket.create_connection(("127.0.0.1", client.port), timeout=600) as line:
        head = f"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: {JSON}\r\n"
        line.sendall(f"{head}Content-Length: 999999999\r\n\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 413 ")
    # Nobody says how long it is, and it never ends.
    with socket.create_connection(("127.0.0.1", client.port), timeout=600) as line:
        line.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        line.sendall(b"400\r\n" + b" " * 1024 + b"\r\n")
        line.sendall(b"400\r\n" + b" " * 1024 + b"\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 413 ")
    reply = client.ask("POST", "/predict", b"[" + b" " * BYTES, content_type=JSON)
    assert reply.json["error"] == (
        "The body has too many bytes. Given: 2,001 or more. Expected: at most 2,000. "
        "Fix: send fewer rows at a time."
    )
    exact = b"[[1,2,3]]"
    reply = client.ask("POST", "/predict", exact + b" " * (BYTES - len(exact)), content_type=JSON)
    assert reply.status == 200


def test_pieces_of_a_body(client: Client) -> None:
    reply = client.ask("POST", "/predict", iter([b"[[1,", b"2,3", b"]]"]), content_type=JSON)
    assert len(reply.predictions) == 1


def test_too_many_rows(client: Client) -> None:
    for rows in (
        [[1, 2, 3]] * 21,
        {f"x{n}": [1] * 21 for n in range(3)},
        "x0,x1,x2\n" + "1,2,3\n" * 21,
    ):
        reply = client.predict(rows)
        assert (reply.status, reply.json["error"]) == (
            413,
            "A request may not have so many rows. Given: 21. Expected: at most 20.",
        )
    assert len(client.predict([[1, 2, 3]] * 20).predictions) == 20


class Slow:
    """A model that answers when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.begun, self.go = threading.Event(), threading.Event()
        answers = ServedNetwork.answers
        self.held = False

        def waits(model: Any, requests: Any) -> Any:
            time.sleep(0.004)  # no quick model: it is computed beside the thread that serves
            if self.held:
                self.begun.set()
                assert self.go.wait(600)
            return answers(model, requests)

        monkeypatch.setattr(ServedNetwork, "answers", waits)


def test_no_answer_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(monkeypatch)
    with running(network(3), seconds=0.3) as client:
        slow.held = True
        reply = client.predict([[1, 2, 3]])
        slow.held = False
        slow.go.set()
        assert reply.status == 503
        assert reply.json == {"error": "No answer was made within 0.3 seconds."}
        assert reply.headers["retry-after"] == "1"


def test_a_body_that_does_not_come() -> None:
    with (
        running(network(3), seconds=0.3) as client,
        socket.create_connection(("127.0.0.1", client.port), timeout=600) as line,
    ):
        head = f"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: {JSON}\r\n"
        line.sendall(f"{head}Content-Length: 9\r\n\r\n[[1".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 408 ")


def test_too_many_wait_and_health_answers_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(monkeypatch)
    with running(network(3), waiting=2) as client:
        slow.held = True
        found: list[Reply] = []
        threads = [
            threading.Thread(target=lambda: found.append(client.predict([[1, 2, 3]])))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        assert slow.begun.wait(600)
        while client.get("/health").json["waiting"] < 2:
            pass
        reply = client.predict([[1, 2, 3]])
        assert (reply.status, reply.json["error"]) == (
            503,
            "Too many requests wait. Given: 2 before this one. Expected: at most 2. "
            "Fix: ask again a little later.",
        )
        slow.held = False
        slow.go.set()
        for thread in threads:
            thread.join()
        assert [one.status for one in found] == [200, 200]
        assert client.predict([[1, 2, 3]]).status == 200


def test_a_client_that_leaves(client: Client) -> None:
    with socket.create_connection(("127.0.0.1", client.port), timeout=600) as line:
        head = f"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: {JSON}\r\n"
        line.sendall(f"{head}Content-Length: 9\r\n\r\n[[1".encode())
    while client.get("/health").json["waiting"]:
        pass
    assert client.predict([[1, 2, 3]]).status == 200


def test_a_fault_of_ours_is_told_to_the_log_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answers, faults = ServedNetwork.answers, []

    def fails(model: Any, requests: Any) -> Any:
        return answers(model, requests) if not faults else 1 / 0

    monkeypatch.setattr(ServedNetwork, "answers", fails)
    with running(network(3)) as client:
        faults.append("from now on")
        reply = client.predict([[1, 2, 3]])
        faults.clear()
        assert (reply.status, b"Zero" in reply.body) == (500, False)
        assert reply.json == {"error": "An error that should not be. The server's log tells more."}
        assert client.predict([[1, 2, 3]]).status == 200


@pytest.mark.parametrize("name", ["bytes", "rows", "seconds", "waiting"])
def test_limits_are_checked(name: str) -> None:
    for value in (0, -1, float("nan")):
        with pytest.raises(ValueError, match=f"Limits: `{name}` is wrong. Given: {value}"):
            rb.serving.Limits(**{name: value})
