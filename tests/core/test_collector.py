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


def run_program(code: str) -> str:
    """What a program prints, from its start to its end."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return done.stdout


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
    ops, read, whole_rounds = map(int, run_program(code).split())
    assert ops > 100
    assert read < 10
    assert not whole_rounds


def test_what_modules_hold_is_frozen_and_later_objects_are_collected() -> None:
    code = """
import gc, weakref
import numpy as np
import rosenblatt as rb
rb.Sequential
print(gc.get_freeze_count() > 50_000, len(gc.get_objects()) < 50_000)
class Node: pass
node = Node()
node.itself, alive = node, weakref.ref(node)
del node
gc.collect()
print(alive())
last = Node()
last.itself, last.file = last, open("/dev/stdout", "w")
last.file.write("written at the end")
"""
    assert run_program(code) == "True True\nNone\nwritten at the end"


# What is done before the library is used, and what is printed when the program ends.
MAY_NOT_BE_FROZEN = {
    "a file that holds something back": (
        "node = types.SimpleNamespace(file=open('/dev/stdout', 'w')); node.itself = node\n"
        "node.file.write('held back')",
        "held back",
    ),
    "an object that does something at its end": (
        "class Ending(dict):\n    def __del__(self, write=os.write): write(1, b'its end')\n"
        "Ending.__module__ = 'elsewhere'\none = Ending(); one['itself'] = one",
        "its end",
    ),
    "a generator that waits": (
        "def given(write=os.write):\n    try: yield 1\n    finally: write(1, b'finally')\n"
        "one = given(); next(one); node = [one]; node.append(node); del one",
        "finally",
    ),
    "an object of the program's own": ("class Mine: pass\nmine = Mine()", ""),
    "another thread": ("threading.Thread(target=time.sleep, args=[2]).start()", ""),
    "a prompt": ("sys.ps1 = '> '", ""),
    "a collector that is off": ("gc.disable()", ""),
    "JAX is there": ("import jax", ""),
}


@pytest.mark.parametrize("before", MAY_NOT_BE_FROZEN)
def test_nothing_is_frozen_where_something_could_be_lost(before: str) -> None:
    statements, at_the_end = MAY_NOT_BE_FROZEN[before]
    code = f"""
import gc, os, sys, threading, time, types
{statements}
import rosenblatt as rb
was_on = gc.isenabled()
rb.Sequential
assert gc.isenabled() == was_on
print(gc.get_freeze_count(), end=" ", flush=True)
"""
    assert run_program(code) == f"0 {at_the_end}"


def test_reading_with_blocks_and_what_libraries_hold_do_not_keep_it_from_freezing() -> None:
    code = """
import contextlib, gc, io, os
import joblib.parallel, sklearn.model_selection
import numpy as np
@contextlib.contextmanager
def block():
    yield
source, memory, arrays = open(os.devnull), io.StringIO(), io.BytesIO()
np.savez(arrays, x=1)
arrays.seek(0)
read = np.load(arrays)
with block():
    import rosenblatt as rb
    rb.Sequential
print(gc.get_freeze_count() > 0)
"""
    assert run_program(code) == "True\n"


def test_what_a_program_has_frozen_itself_stays_so() -> None:
    code = """
import gc
gc.freeze()
before = gc.get_freeze_count()
import rosenblatt as rb
rb.Sequential
print(0 < gc.get_freeze_count() <= before)
"""
    assert run_program(code) == "True\n"
