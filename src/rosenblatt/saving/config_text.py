"""The JSON text of a model's config: parsed once its size is known to be harmless."""

from __future__ import annotations

import json
from typing import Any

from rosenblatt.core.errors import FileRefused
from rosenblatt.core.types import Config
from rosenblatt.saving.file_kinds import UNTRUSTED

_MAX_DEPTH = 500
# A value takes some 100 bytes once it is parsed, and an object some 0.2 ms to make.
_MAX_VALUES = 1_000_000
_MAX_OBJECTS = 50_000


def read_json(text: bytes | str, place: str) -> Config:
    """Parse the text of a config.

    Args:
        text: the JSON text.
        place: what to call it in messages.

    Raises:
        FileRefused: no JSON object, or one that is too large, too deep or describes too much.

    >>> read_json(b'{"class_name": "Dense"}', "a file")
    {'class_name': 'Dense'}
    """
    marks: Any = (b",", b"[", b"{", b'"class_name"')
    commas, lists, dicts, objects = (
        text.count(mark if isinstance(text, bytes) else mark.decode()) for mark in marks
    )
    _at_most(commas + lists + dicts, _MAX_VALUES, "values", place)
    _at_most(objects, _MAX_OBJECTS, "objects", place)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileRefused(f"{place} is not valid JSON.", given=shorten(error)) from error
    if not isinstance(found, dict):
        raise FileRefused(
            f"{place} does not describe a model.",
            given=shorten(found),
            expected="an object with `class_name` and `config`",
        )
    if _depth_exceeds(found, _MAX_DEPTH):
        raise FileRefused(f"{place} is nested more than {_MAX_DEPTH} levels deep.")
    return found


def _at_most(count: int, limit: int, what: str, place: str) -> None:
    if count > limit:
        raise FileRefused(
            f"{place} is refused: it holds too many {what}.",
            given=f"{count:,}",
            expected=f"at most {limit:,}",
            fix=UNTRUSTED,
        )


def _depth_exceeds(data: Config, limit: int) -> bool:
    level: list[Any] = [data]
    for _ in range(limit):
        level = [
            item
            for part in level
            for item in (part.values() if isinstance(part, dict) else part)
            if isinstance(item, (dict, list))
        ]
        if not level:
            return False
    return True


def shorten(value: object, length: int = 200) -> str:
    """A value as text of a length that a message can bear."""
    text = str(value).rstrip(".")
    return text if len(text) <= length else f"{text[:length]}…"
