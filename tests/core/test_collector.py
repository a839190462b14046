"""The collector waits while modules are imported and functions traced, and is then as before."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from rosenblatt.core.collector import held_back
from rosenblatt.training.programs import get_program


@pytest.fixture(autouse=True)
def collector_on() -> Iterator[None]:
    yield
    gc.enable()


def test_it_is_afterwards_what_it_was() -> None:
    with held_back(), held_back():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    with held_back():
        pass
    assert not gc.isenabled()


def test_it_waits_for_a_trace() -> None:
    seen = []

    def traced(x: Any) -> Any:
        seen.append(gc.isenabled())
        return x

    assert get_program(None, lambda: traced, np.ones(2, "float32"))(np.ones(2, "float32"))[0] == 1
    assert seen == [False] and gc.isenabled()


def test_an_error_ends_it() -> None:
    with pytest.raises(KeyError), held_back():
        raise KeyError
    assert gc.isenabled()


def test_it_waits_for_all_threads() -> None:
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with held_back():
            entered.set()
            leave.wait()

    thread = threading.Thread(target=other)
    thread.start()
    entered.wait()
    with held_back():
        pass
    assert not gc.isenabled()
    leave.set()
    thread.join()
    assert gc.isenabled()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_has_no_block_of_other_threads() -> None:
    code = """
import gc, os, threading
from rosenblatt.core.collector import held_back
entered, leave = threading.Event(), threading.Event()
def other():
    with held_back():
        entered.set()
        leave.wait()
threading.Thread(target=other).start()
entered.wait()
with held_back():
    child = os.fork()
    if not child:
        assert gc.isenabled()
if not child:
    assert gc.isenabled()
    os._exit(0)
leave.set()
assert os.waitpid(child, 0)[1] == 0
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr


def test_the_first_use_of_a_network_collects_once_at_most_and_not_everything() -> None:
    code = """
import gc, inspect
import jax.numpy
import rosenblatt as rb
rounds, read = [], []
gc.callbacks.append(lambda phase, info: rounds.append(info["generation"]) if phase == "stop" else 0)
rb.Sequential
layers = [rb.layers.Dense(3, activation=name) for name in ("relu", "gelu", "softmax", "tanh")]
model = rb.Sequential([rb.Input((3,)), *layers])
from rosenblatt.ops import define
kinds = define._operations.values()
print(len(kinds), sum("signature" in vars(kind.spec) for kind in kinds), rounds.count(2))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    ops, read, whole_rounds = map(int, done.stdout.split())
    assert ops > 100
    assert read < 10
    assert not whole_rounds
