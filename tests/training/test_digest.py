"""Digests of keys: what is equal has one in every process, what differs another, the rest none."""

from __future__ import annotations

import collections
import enum
import gc
import json
import math
import operator
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.core.tracing import lasting_settings
from rosenblatt.ops.define import op
from rosenblatt.training.digest import digest, digest_of_settings
from rosenblatt.training.placement import TrainState
from rosenblatt.training.sources import is_patched


class Colour(enum.Enum):
    """Not of the library."""

    RED = 1


class Pair(NamedTuple):
    """Not of the library."""

    left: int
    right: int


def nest(value: Any) -> Any:
    return jax.tree_util.tree_structure(value)


DIFFERENT: list[Any] = [
    None, Ellipsis, True, False, 1, 0, 1.0, 0.0, -0.0, 1j, 0j, complex(0.0, -0.0), "1", b"1", "",
    b"", "None", (), (1,), (1, 2), (2, 1), ((1,), 2), ((1, 2),), ("1",), ("1", ""), ("", "1"),
    frozenset(), frozenset([1]), frozenset([1, 2]), math.inf, -math.inf, 10**40, 2**64, 0.1,
    0.1 + 1e-17 * 4, "a\0b", ("a", "b"), int, float, bool, type(None), type(Ellipsis), tuple,
    np.ndarray, np.float32, np.dtype("float32"), np.dtype(">f4"), np.dtype("int8"),
    jnp.dtype("bfloat16"),
    np.dtype("V2"), rb.layers.Dense, rb.losses.MeanSquaredError, rb.activations.relu,
    rb.ops.sort, jnp.tanh, jnp.sin, operator.add, nest(0), nest(None), nest((0,)), nest([0]),
    nest((0, 0)), nest({"a": 0}),
    nest({"b": 0}), nest({"a": 0, "b": 0}), nest(collections.OrderedDict(b=0, a=0)),
    nest(collections.OrderedDict(a=0, b=0)), nest(TrainState((0,), (), (), ())),
    nest(TrainState((), (0,), (), ())), nest(((0,), (), (), ())), nest({1: 0}), nest({"1": 0}),
]  # fmt: skip


def test_what_differs_has_another_digest() -> None:
    found = [digest(value) for value in DIFFERENT]
    assert None not in found
    assert len(set(found)) == len(DIFFERENT)


def test_parts_do_not_run_into_each_other() -> None:
    calls = [(), ((),), ("",), ("", ""), ("a", "b"), ("ab",), (("a", "b"),), ("a", ("b",))]
    assert len({digest(*parts) for parts in calls}) == len(calls)


class Node:
    """A user's node of nests."""


jax.tree_util.register_pytree_node(Node, lambda node: ((), None), lambda *_: Node())
UNKNOWN: list[Any] = [
    object(), lambda x: x, Colour.RED, Colour, Pair, Pair(1, 2), Node, nest(Node()),
    nest(Pair(1, 2)), np.dtype([("a", "f4")]), [1], {}, {1}, np.float32(1), jax.devices()[0],
    rb.layers.Dense(1), math, rb.layers.Dense(1).call, test_what_differs_has_another_digest,
    jax.jit(lambda x: x), type("Dense", (), {"__module__": "rosenblatt.layers.dense"}),
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(UNKNOWN)))
def test_what_is_unknown_has_no_digest(place: int) -> None:
    value = UNKNOWN[place]
    assert digest(value) is None
    assert digest("before", (1, (value,))) is None


def test_an_op_of_somebody_else_has_no_digest() -> None:
    shift = op(class_name="OursAlone")(lambda x: x + 1)
    inputs = rb.Input((3,))
    graphs = [rb.Model(inputs, outputs) for outputs in (shift(inputs), rb.ops.mean(inputs, 1))]
    known = []
    for model in graphs:
        variables = model.training_session.task.variables("predict")
        key = model.training_session.task.signature(variables, "predict").key
        assert key is not None
        known.append(digest(key) is not None)
    assert known == [False, True]


class Word(str):
    """Is equal to a string, and may be more."""


@pytest.mark.parametrize("value", [Word("a"), np.float64(1.0), np.str_("a"), collections.Counter()])
def test_subclasses_of_plain_kinds_are_not_plain(value: Any) -> None:
    assert digest(value) is None


def test_settings_have_a_digest_and_a_device_has_none() -> None:
    usual = digest(lasting_settings())
    assert usual is not None and digest(lasting_settings()) == usual
    with jax.default_matmul_precision("float32"):
        assert digest(lasting_settings()) not in (None, usual)
    with jax.default_device(jax.devices()[0]):
        assert digest(lasting_settings()) is None
    seen: list[Any] = []

    def look(x: Any) -> Any:
        seen.append(digest(lasting_settings()))
        return x

    jax.vmap(look, axis_name="rows")(np.ones(2))
    assert seen == [None]


def test_settings_are_digested_once_while_they_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = digest_of_settings()
    with jax.default_matmul_precision("highest"):
        high = digest_of_settings()
        assert high == digest(lasting_settings()) != plain
    with jax.default_device(jax.devices()[0]):
        assert digest_of_settings() is None
        assert digest_of_settings() is None
    assert digest_of_settings() == plain == digest(lasting_settings())
    monkeypatch.setattr("rosenblatt.training.digest.digest", None)
    assert digest_of_settings() == plain


def test_another_process_has_the_same_digests() -> None:
    ask = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import test_digest as t\n"
        "sets = [frozenset('abcdefg'), frozenset([('a', 1), ('b', 2)])]\n"
        "print([t.digest(v) for v in t.DIFFERENT + sets], t.digest(t.lasting_settings()))\n"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", ask, str(Path(__file__).parent)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True, timeout=600,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert said[0] == said[1] and "None" not in said[0]


ASK = """
import json, sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
from rosenblatt.core.tracing import lasting_settings
from rosenblatt.training.digest import digest
import test_program_keys as keys
found = {}
for name, (cls, needed, build, x, y) in keys.CASES.items():
    for kind, (key, _, _) in keys.traced(lambda: build(cls(**needed)), x, y).items():
        found[f"{name} {kind}"] = digest(lasting_settings(), key)
print(json.dumps(found))
"""


def test_every_part_has_one_digest_in_all_processes() -> None:
    said = [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", ASK, str(Path(__file__).parent)],
                env={**os.environ, "PYTHONHASHSEED": seed},
                capture_output=True, text=True, check=True, timeout=1800,
            ).stdout
        )
        for seed in ("3", "4")
    ]  # fmt: skip
    assert said[0] == said[1] and len(said[0]) > 300
    assert not [name for name, found in said[0].items() if found is None]


def test_other_threads_may_import_meanwhile() -> None:
    """The command line imports matplotlib while it trains."""
    names = [f"made_{number}" for number in range(50)]
    stop, before = threading.Event(), (sys.getswitchinterval(), gc.get_threshold())

    def add_modules() -> None:
        while not stop.is_set():
            for name in names:
                sys.modules[name] = ModuleType(name)
            for name in names:
                del sys.modules[name]

    thread = threading.Thread(target=add_modules)
    thread.start()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(1)
    try:
        assert not any(is_patched() for _ in range(60))
    finally:
        sys.setswitchinterval(before[0])
        gc.set_threshold(*before[1])
        stop.set()
        thread.join()
