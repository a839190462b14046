"""The folder of a training run: its model, and what is known of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rosenblatt.core.errors import BadArgument, FileRefused, nearest
from rosenblatt.models.model import Model
from rosenblatt.saving.model_files import load_model

MODEL = "model.keras"
METRICS = "metrics.json"
# What is read there, and what it must be.
_FACTS: dict[str, Any] = {
    "data": str, "target": str, "features": list, "classes": (list, type(None)),
}  # fmt: skip


def open_run(model_path: Path) -> tuple[Model, dict[str, Any]]:
    """Load a model and what is known of it.

    Args:
        model_path: a `.keras` file, or the folder that `rosenblatt train` wrote.

    Returns:
        `(model, facts)`: `facts` is what metrics.json beside the model says; empty without it.

    Raises:
        ValueError: no such model, or a damaged one.
    """
    path = model_path / MODEL if model_path.is_dir() else model_path
    if not path.is_file():
        beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        near = nearest(path.name, beside) if beside else ""
        raise BadArgument(
            f"{path}: no such model.",
            expected="a .keras file, or the --out folder of `rosenblatt train`",
            fix=near if near.startswith("did") else None,
        )
    model = load_model(path)
    return model, _read_facts(path.parent / METRICS)


def _read_facts(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        wrong = [n for n, kinds in _FACTS.items() if not isinstance(facts[n], kinds)]
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, LookupError) as error:
        given = f"no {error}" if isinstance(error, LookupError) else error
        raise FileRefused(f"{path}: damaged.", given=given, fix="train again.") from error
    if wrong:
        given = f"{wrong[0]} {facts[wrong[0]]!r}"
        raise FileRefused(f"{path}: damaged.", given=given, fix="train again.")
    return dict(facts)
