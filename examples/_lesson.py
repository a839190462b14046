"""What the lessons share: where pictures go, and how to shorten a lesson."""

from __future__ import annotations

import os
from pathlib import Path

OUTPUT = Path(__file__).parent / "output"


def epochs(chapter: int) -> int:
    """The chapter's number of epochs, or ROSENBLATT_LESSON_EPOCHS where that is smaller."""
    return min(chapter, int(os.environ.get("ROSENBLATT_LESSON_EPOCHS", chapter)))


def output(name: str) -> Path:
    """A path in examples/output, or in the folder that ROSENBLATT_LESSON_OUTPUT names."""
    return Path(os.environ.get("ROSENBLATT_LESSON_OUTPUT", OUTPUT)) / name


def document(name: str) -> Path:
    """A file of the folder docs."""
    return Path(__file__).parents[1] / "docs" / name
