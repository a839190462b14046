"""Vocabularies as text files, one token in each line, as Keras writes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rosenblatt.core.errors import BadArgument

ASSET = "vocabulary.txt"


def as_lines(tokens: Sequence[Any], where: str) -> bytes:
    """Tokens as the content of a file.

    Raises:
        ValueError: a token with a line break.
    """
    for token in tokens:
        if "\n" in str(token) or "\r" in str(token):
            raise BadArgument(
                f"{where}: a token with a line break cannot be saved.",
                given=repr(token),
                fix="clean the tokens before `adapt`.",
            )
    return "\n".join(map(str, tokens)).encode()


def from_lines(content: bytes, text: bool, skipped: int = 0) -> list[Any]:
    """The tokens of a file's content.

    Args:
        content: as `as_lines` makes it; lines may end as on Windows.
        text: whether tokens are strings; integers otherwise.
        skipped: how many lines at the start are special tokens, which the layer knows itself.
    """
    lines = content.decode().replace("\r\n", "\n").split("\n")[skipped:]
    return lines if text else [int(line) for line in lines]


def read_file(path: Path, text: bool, where: str) -> list[Any]:
    """The tokens of a file; a line break at its end adds none.

    Raises:
        ValueError: there is no such file.
    """
    if not path.is_file():
        raise BadArgument(
            f"{where}: there is no vocabulary file {str(path)!r}.", fix="check the path."
        )
    content = path.read_bytes().removesuffix(b"\n").removesuffix(b"\r")
    return from_lines(content, text)
