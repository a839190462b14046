"""The table of activations, and how a function gets into it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

TABLE: dict[str, Callable[..., Any]] = {}


def activation(*aliases: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function into the table, under its name and others."""

    def enter(fn: Callable[..., Any]) -> Callable[..., Any]:
        for name in (fn.__name__, *aliases):
            TABLE[name] = fn
        return fn

    return enter
