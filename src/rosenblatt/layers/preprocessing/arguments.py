"""Settings that preprocessing layers have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rosenblatt.core.checks import Check, anything, choice, is_whole
from rosenblatt.core.settings import HOST, setting

_OLD_NAMES = {"binary": "multi_hot", "tf-idf": "tf_idf"}


def modes(*names: str) -> Check:
    """One of some output modes, also under the name that it had once."""
    present = choice(*names)

    def fits(value: Any) -> bool:
        return isinstance(value, str) and present.fits(_OLD_NAMES.get(value, value))

    def keep(value: str) -> str:
        return _OLD_NAMES.get(value, value)

    return replace(present, fits=fits, keep=keep)


def _pair(value: int | list[int] | None) -> list[int] | None:
    return [value, value] if isinstance(value, int) else value and list(value)


def _is_salt(value: Any) -> bool:
    numbers = value if isinstance(value, (tuple, list)) and len(value) == 2 else [value]
    return value is None or all(is_whole(number) for number in numbers)


# A key of SipHash: others cannot find values that share a bin.
SALT = setting(
    Check(_is_salt, "an integer, or a pair of them", _pair, ["a", (1, 2, 3), 1.5]),
    default=None,
    role=HOST,
)
NOT_SPARSE = Check(
    lambda value: not value,
    'False: outputs are dense arrays; for large vocabularies use `output_mode="int"` and an '
    "`Embedding`",
    bool,
    [True],
)
DENSE = setting(NOT_SPARSE, default=False)
# What old configs hold, and means nothing.
IGNORED = setting(anything, default=None, kw_only=True, attribute="_ignored", saved=False)
