"""Requests that come together: computed together, answered apart, with the bits of one alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from served_models import dear_model, houses, network, price_model, rows_of, running

import rosenblatt as rb
from rosenblatt.serving.contract import JOINED_ROWS, Ready
from rosenblatt.serving.lanes import JoiningLane, LoopLane
from rosenblatt.serving.models import served, warm
from rosenblatt.serving.served_network import ServedNetwork
from rosenblatt.serving.table_columns import Asked

ALL = rows_of(houses(), slice(None))


class Gate:
    """Has a lane compute nothing until it is opened, so that requests wait."""

    def __init__(self, answers: Callable[[Sequence[Ready]], list[Any]]):
        self.answers, self.batches = answers, []
        self.begun, self.open = threading.Event(), threading.Event()

    def __call__(self, requests: Sequence[Ready]) -> list[Any]:
        self.begun.set()
        assert self.open.wait(600)
        self.batches.append([request.rows for request in requests])
        return self.answers(requests)


def through(model: Any, requests: Sequence[Ready]) -> tuple[list[Any], list[list[int]]]:
    """The answers to requests that wait together, and how they were joined."""
    gate = Gate(model.answers)
    lane = JoiningLane(gate, model.joins, "a test")
    futures = [lane.put(requests[0])]
    assert gate.begun.wait(600)
    futures += [lane.put(request) for request in requests[1:]]
    gate.open.set()
    found = [future.result(600) for future in futures]
    lane.close()
    return found, gate.batches


def through_the_loop(model: Any, requests: Sequence[Ready]) -> tuple[list[Any], list[list[int]]]:
    """The same in the thread that serves, of requests that come in one turn of it."""
    batches: list[list[int]] = []

    def answers(batch: Sequence[Ready]) -> list[Any]:
        batches.append([request.rows for request in batch])
        return model.answers(batch)

    async def all_at_once() -> list[Any]:
        lane = LoopLane(answers, model.joins)
        return await asyncio.gather(*[lane.put(request) for request in requests])

    return asyncio.run(all_at_once()), batches


MODELS: dict[str, Callable[[], Any]] = {
    "a quantity": price_model, "classes": dear_model, "a network": lambda: network(3),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_the_bits_are_those_of_a_request_alone(name: str) -> None:
    model = served(MODELS[name]())
    warm(model)
    x = np.random.default_rng(2).normal(size=(len(ALL), 3)).tolist()
    rows = x if name == "a network" else ALL
    sizes = [1, 1, 2, 5, 1, 20, 31, 1, 3, 32, 1, 1]
    starts = np.cumsum([0, *sizes[:-1]]).tolist()
    asked = Asked(interval=0.8) if name == "a quantity" else Asked()
    requests = [
        model.read(rows[start : start + size], asked, 100)
        for start, size in zip(starts, sizes, strict=True)
    ]
    alone = [model.answers([request])[0] for request in requests]
    joined, batches = through(model, requests)
    assert joined == alone  # to the bit: Python's numbers
    assert batches == [[1], [1, 2, 5, 1, 20], [31, 1], [3], [32], [1, 1]]
    joined, batches = through_the_loop(model, requests)
    assert joined == alone
    assert batches == [[1, 1, 2, 5, 1, 20], [31, 1], [3], [32], [1, 1]]


def test_one_bad_request_spoils_no_other() -> None:
    """An id without a vector is found when the batch is computed."""
    words = rb.Input((1,), dtype="int32", name="id")
    model = served(rb.Model(words, rb.layers.Flatten()(rb.layers.Embedding(5, 1)(words))))
    requests = [model.read([[n]], Asked(), 9) for n in (0, 1, 99, 2)]
    gate = Gate(model.answers)
    lane = JoiningLane(gate, model.joins, "a test")
    futures = [lane.put(requests[0])]
    assert gate.begun.wait(600)
    futures += [lane.put(request) for request in requests[1:]]
    futures[3].cancel()
    futures.append(lane.put(requests[3]))
    gate.open.set()
    good = [futures[place].result(600) for place in (0, 1, 4)]
    assert good == [model.answers([requests[place]])[0] for place in (0, 1, 3)]
    with pytest.raises(ValueError, match="99"):
        futures[2].result(600)
    assert gate.batches == [[1], [1, 1, 1], [1], [1], [1]]
    lane.close()

    async def in_the_loop() -> list[Any]:
        lane = LoopLane(model.answers, model.joins)
        futures = [lane.put(request) for request in requests]
        futures[3].cancel()
        return await asyncio.gather(*futures, return_exceptions=True)

    *found, bad, cancelled = asyncio.run(in_the_loop())
    assert found == good[:2]
    assert isinstance(bad, ValueError)
    assert isinstance(cancelled, asyncio.CancelledError)


def test_models_that_look_across_rows_are_asked_alone() -> None:
    class Own(rb.layers.Layer):
        def call(self, x: Any) -> Any:
            return x - rb.ops.mean(x, axis=0)

    model = served(rb.Sequential([rb.Input((1,)), Own()]))
    assert not model.joins
    requests = [model.read([[float(n)], [0.0]], Asked(), 9) for n in range(4)]
    found, batches = through(model, requests)
    assert [answer["prediction"] for answer in found] == [[n / 2, -n / 2] for n in range(4)]
    assert batches == [[2]] * 4
    assert through_the_loop(model, requests) == (found, batches)


def test_a_quick_model_is_computed_by_the_thread_that_serves_until_it_is_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str] = []
    answers = ServedNetwork.answers

    def watched(model: Any, requests: Any) -> Any:
        seen.append(threading.current_thread().name)
        return answers(model, requests)

    monkeypatch.setattr(ServedNetwork, "answers", watched)
    monkeypatch.setattr("rosenblatt.serving.models._QUICK", 600.0)
    with running(network(3)) as client:
        seen.clear()
        for slow in (600.0, 600.0, 0.0, 600.0, 0.0, 0.0, 0.0, 600.0, 600.0):
            monkeypatch.setattr("rosenblatt.serving.lanes.SLOW", slow)
            assert len(client.predict([[1, 2, 3]]).predictions) == 1
    own = seen[0]
    assert own != "rosenblatt-joined"
    assert seen == [own] * 7 + ["rosenblatt-joined"] * 2  # three slow ones, one after another


def test_which_thread_computes_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rosenblatt.serving.models._QUICK", 0.0)
    alone = []
    for _ in range(2):
        with running(network(3)) as client:
            alone.append(client.predict([[1, 2, 3]]).predictions)
        monkeypatch.setattr("rosenblatt.serving.models._QUICK", 600.0)
    assert alone[0] == alone[1]


def test_many_clients_at_once_get_their_own_rows() -> None:
    model = network(3)
    x = np.random.default_rng(3).normal(size=(96, 3)).round(3)
    with running(model) as client:
        alone = [client.predict([row]).predictions for row in x.tolist()]
        with ThreadPoolExecutor(16) as pool:
            joined = list(pool.map(lambda row: client.predict([row]).predictions, x.tolist()))
        assert joined == alone
        sizes = [1, 40, 3, 300, 33, 2, 2100]
        with ThreadPoolExecutor(len(sizes)) as pool:
            found = pool.map(lambda n: client.predict(np.resize(x, (n, 3)).tolist()), sizes)
        for size, reply in zip(sizes, found, strict=True):
            wanted = model.predict(np.resize(x, (size, 3)).astype("float32"), verbose=0)[:, 0]
            assert [row["prediction"] for row in reply.predictions] == wanted.tolist()


def test_no_request_waits_for_a_program(compiled: list[str]) -> None:
    for model, rows in ((network(7), [[0.5] * 7]), (price_model(), ALL[:1])):
        with running(model) as client:
            before = len(compiled)
            assert before > 0  # a structure that no other test has
            for size in (1, 1, 2, JOINED_ROWS, 33, 256, 257, 2048, 5000):
                query = "" if isinstance(model, rb.Model) else "?interval=0.8"
                assert len(client.predict(rows * size, query).predictions) == size
            assert len(compiled) == before
