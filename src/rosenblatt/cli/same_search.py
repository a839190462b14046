"""A folder holds one search on one problem, which it knows again by its content."""

from __future__ import annotations

import hashlib
import itertools
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from rosenblatt.cli.problems import Problem
from rosenblatt.cli.table_data import TableParts
from rosenblatt.core.errors import BadArgument, FileRefused
from rosenblatt.core.files import replacing
from rosenblatt.tables.table import TextColumn
from rosenblatt.tuner.journal import Journal

SEARCH = "search"  # the folder of the search, in --out
_FILE = "data.json"


def require_same_search(out: Path, problem: Problem, seed: int, settings: dict[str, Any]) -> None:
    """Let a search begin or resume in a folder, unless the trials there learnt something else.

    The path of the data does not count, their content does. Trials with other settings stay
    comparable by their validation loss; standard error says that they differ.

    Args:
        out: the folder of results.
        problem: the data and what they mean.
        seed: of the split and the trials.
        settings: of the training: epochs, batch size, patience.

    Raises:
        ValueError: the folder holds a search on another problem, or its file is damaged.
    """
    facts = {
        "data": problem.data,
        "target": problem.target,
        "task": problem.task,
        "features": list(problem.features),
        "rows": sum(len(x) for x, _ in problem.parts.values()),
        "seed": seed,
        "content": fingerprint(problem),
    }
    require_same_facts(out, facts, settings)


def table_facts(parts: TableParts) -> dict[str, Any]:
    """What tells a search on a raw table from others.

    Args:
        parts: the table with its split.
    """
    digest = hashlib.sha256(repr(parts.task.classes).encode())
    for column in [*parts.features.columns.values(), parts.table[parts.target]]:
        digest.update(f"{column.name}{column.kind}{column.stored}".encode())
        if isinstance(column, TextColumn):
            digest.update("\0".join(map(str, column.words)).encode("utf-8", "surrogatepass"))
        array = column.codes if isinstance(column, TextColumn) else column.values
        digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    digest.update(np.ascontiguousarray(parts.train).view(np.uint8).data)
    return {
        "data": parts.table.source,
        "target": parts.target,
        "task": parts.task.kind,
        "features": list(parts.schema.read),
        "kinds": [kind.kind for kind in parts.schema.read.values()],
        "rows": parts.table.rows,
        "seed": parts.wanted.seed,
        "content": digest.hexdigest(),
    }


def require_same_facts(out: Path, facts: dict[str, Any], settings: dict[str, Any]) -> None:
    """As `require_same_search`, of facts that tell a search from others.

    Args:
        out: the folder of results.
        facts: data, target, task, features, rows, seed, content, and what else may differ.
        settings: of the training.

    Raises:
        ValueError: the folder holds another search, or its file is damaged.
    """
    path = out / SEARCH / _FILE
    known = _read(path)
    if known:
        _compare(out, facts, known)
        before = known.get("settings", settings)
        if before != settings:
            print(
                f"rosenblatt: the search in {out} was begun with {_listed(before)}; trials from "
                f"here on have {_listed(settings)}.",
                file=sys.stderr,
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        part.write_text(json.dumps({**facts, "settings": settings}), encoding="utf-8")


def fingerprint(problem: Problem) -> str:
    """What two problems have in common only if their rows, parts and classes are the same."""
    digest = hashlib.sha256(repr((problem.classes, sorted(problem.origins.items()))).encode())
    for array in itertools.chain(*problem.parts.values()):
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file() or not Journal(path.parent).exists():  # no trial was begun
        return {}
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise FileRefused(
            f"{path}: damaged, so it is not known on what the search learnt.",
            fix=f"name another folder, or remove {path.parent} to start over.",
        ) from error
    return dict(known)


def _compare(out: Path, facts: dict[str, Any], known: dict[str, Any]) -> None:
    named = ("target", "task", "features", "kinds", "rows", "seed")
    differ = [name for name in named if name in known and known[name] != facts.get(name)]
    if "content" not in known:  # begun by an earlier version, which knew the path alone
        differ += ["data"] if known.get("data") != facts["data"] else []
    elif not differ and known["content"] != facts["content"]:
        raise BadArgument(
            f"--out {out} holds a search on other data: the content of {facts['data']} is not "
            "what its trials learnt from.",
            given=f"rows with the fingerprint {facts['content'][:12]}",
            expected=f"{known['content'][:12]}, of {known['data']} when the search began",
            fix=f"name another folder, or remove {out / SEARCH} to start over.",
        )
    if differ:
        told = {"target", "seed"} & set(differ) and ("target", "seed")
        shown = ["data", *(told or ("target", *(name for name in differ if name != "data")))]
        raise BadArgument(
            f"--out {out} holds another search.",
            given=", ".join(f"{name} {_text(facts.get(name))}" for name in shown),
            expected=", ".join(f"{name} {_text(known.get(name))}" for name in shown),
            fix="name another folder.",
        )


def _text(value: object) -> str:
    return "/".join(map(str, value)) if isinstance(value, list) else str(value)


def _listed(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())
