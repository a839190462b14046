"""Calls of ops in odd shapes and with odd arguments, as texts that both libraries evaluate.

`T(…)` is a symbolic tensor of float32, `I(…)` one of int32, `A(…)` an array 1, 2, 3 … in a shape,
`K(…)` the same of integers; N is an unknown size. What is special to one op is in `op_calls.txt`.
"""

from __future__ import annotations

from pathlib import Path

from op_cases import (
    ACTIVATIONS,
    BITS,
    ELEMENTWISE_ONE,
    ELEMENTWISE_TWO,
    NAN_REDUCTIONS,
    REDUCTIONS,
    RUNNING,
)

PAIRS = (
    "(N, 3), {T}(2, N)", "(N, 3), {T}(N, 1)", "(N, N), {T}(N, 3)", "(2, N, 3), {T}(N,)",
    "(N,), {T}(2, 1)", "(2, 3), {T}(2, 4)", "(N, 3), {T}()", "(N, 3), 2", "(0, 3), {T}(1, 3)",
)  # fmt: skip
OF_INTEGERS = {*BITS.split(), "gcd", "lcm"}
REDUCED = f"{REDUCTIONS} count_nonzero average {NAN_REDUCTIONS}"
AXES = (
    "", ", axis=0", ", axis=-1", ", axis=(0, 1)", ", axis=[0, 1]", ", axis=()", ", axis=3",
    ", axis=-4", ", axis=(0, 0)", ", axis=1.5", ", axis=(0, 2), keepdims=True", ", keepdims=True",
    ", axis=1, keepdims=True",
)  # fmt: skip
WRONG = ("None", "'text'", "object()", "{}")


def calls() -> list[str]:
    """All texts, each once."""
    found: list[str] = []
    for name in [*ELEMENTWISE_TWO.split(), *OF_INTEGERS, "ldexp"]:
        letter, array = ("I", "K") if name in OF_INTEGERS else ("T", "A")
        pairs = PAIRS if name in ("add", "bitwise_and") else PAIRS[:1]
        found += [f"{name}({letter}{pair.format(T=letter)})" for pair in pairs]
        found += [f"{name}({array}(2, 3), None)", f"{name}({array}(2, 3), {array}(2, 4))"]
        found += [f"{name}({array}(2))", f"{name}(K(3), 2.5)"]
    found += [f"add(A(2, 3), {wrong})" for wrong in WRONG]
    for name in f"{ELEMENTWISE_ONE} {ACTIVATIONS}".split():
        found += [f"{name}(T(N, 3))", f"{name}(A(2), nonsense=1)", f"{name}(None)"]
    for name in REDUCED.split():
        every = name in ("sum", "argmax", "median", "nanmean")
        for axis in AXES if every else AXES[3:6]:
            if "keepdims" not in axis or name not in ("count_nonzero", "average"):
                found += [f"{name}({x}(N, 3, 2){axis})".replace("A(N", "A(2") for x in "TA"]
        found += [f"{name}(A())", f"{name}(A(0))", f"{name}(None)"]
    for name in RUNNING.split():
        found += [f"{name}({x}{axis})" for x in ("T(N, 3)", "A(2, 3)") for axis in AXES[:3]]
    found += (Path(__file__).parent / "op_calls.txt").read_text().splitlines()
    return list(dict.fromkeys(found))
