"""Models for the tests of serving, and a real server in this process that serves them."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.tabular import TabularClassifier, TabularRegressor

uvicorn = pytest.importorskip("uvicorn", reason="needs the extra serve")

ROWS = 120
JSON, CSV = "application/json", "text/csv"


def houses() -> dict[str, list[Any]]:
    """Ids, words, gaps, dates and numbers."""
    rng = np.random.default_rng(0)
    sea = rng.choice(["near", "far", "inland"], ROWS).tolist()
    rooms = [None if row % 17 == 0 else int(n) for row, n in enumerate(rng.integers(1, 9, ROWS))]
    days = np.datetime64("2012-01-01") + rng.integers(0, 900, ROWS)
    return {
        "id": [f"h{row:03d}" for row in range(ROWS)],
        "sea": sea,
        "rooms": rooms,
        "area": rng.normal(80, 20, ROWS).round(2).tolist(),
        "sold": [str(day) for day in days],
    }


def prices(table: Mapping[str, list[Any]]) -> list[float]:
    """What the houses of a table cost."""
    near = np.array([80 * (one == "near") for one in table["sea"]])
    return (np.array(table["area"]) + near).tolist()


def price_model() -> TabularRegressor:
    """A model of the price, hardly trained."""
    table = houses()
    model = TabularRegressor(models=2, members=4, epochs=4, width=16)
    return model.fit({**table, "price": prices(table)}, target="price")


def dear_model() -> TabularClassifier:
    """A model of two classes, hardly trained."""
    table = houses()
    dear = ["dear, very" if price > 110 else "cheap" for price in prices(table)]
    model = TabularClassifier(models=2, members=4, epochs=4, width=16)
    return model.fit({**table, "dear": dear}, target="dear")


def network(width: int = 3) -> rb.Sequential:
    """A network with its first weights."""
    rb.utils.set_random_seed(3)
    return rb.Sequential(
        [rb.Input((width,)), rb.layers.Dense(40, activation="tanh"), rb.layers.Dense(1)]
    )


def rows_of(table: Mapping[str, list[Any]], rows: slice) -> list[dict[str, Any]]:
    """Some rows of a table, an object each."""
    columns = [column[rows] for column in table.values()]
    return [dict(zip(table, row, strict=True)) for row in zip(*columns, strict=True)]


class Reply(NamedTuple):
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON has it; NaN and its like are none of it."""

        def refuse(word: str) -> None:
            raise AssertionError(f"{word} in JSON")

        assert self.headers["content-type"] == JSON
        return json.loads(self.body, parse_constant=refuse)

    @property
    def predictions(self) -> list[dict[str, Any]]:
        """Of an answer that has some."""
        assert self.status == 200, self.body
        return self.json["predictions"]


class Client:
    """Asks a server; every request has a connection of its own."""

    def __init__(self, port: int):
        self.port = port

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Ask for something.

        Args:
            method, path: of HTTP.
            body: bytes, or pieces of them, which are sent one by one without their length.
            headers: with "_" for "-".
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            reply = connection.getresponse()
            found = {name.lower(): value for name, value in reply.getheaders()}
            return Reply(reply.status, found, reply.read())
        finally:
            connection.close()

    def get(self, path: str) -> Reply:
        """What is at a path."""
        return self.ask("GET", path)

    def predict(self, value: Any, query: str = "", **headers: str) -> Reply:
        """Predictions for rows of JSON, or of CSV where they are a text."""
        text = isinstance(value, str)
        body = value.encode() if text else json.dumps(value).encode()
        kind = {"content_type": CSV if text else JSON}
        return self.ask("POST", f"/predict{query}", body, **(kind | headers))


@contextmanager
def running(model: Any, **limits: Any) -> Iterator[Client]:
    """A server of a model, in a thread; ended on leaving."""
    app = rb.serving.application(model, rb.serving.Limits(**limits))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    with socket.create_server(("127.0.0.1", 0)) as bound:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            client = Client(bound.getsockname()[1])
            assert client.get("/health").json["status"] == "ready"  # waits in the backlog
            yield client
        finally:
            server.should_exit = True
            thread.join(600)
    assert not thread.is_alive()
