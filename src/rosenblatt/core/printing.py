"""What is printed while a model trains: to standard output, or to Python's log."""

from __future__ import annotations

import logging
import sys

_log = logging.getLogger("rosenblatt")
_interactive = True


def enable_interactive_logging() -> None:
    """Print to standard output, as it is unless told otherwise."""
    global _interactive
    _interactive = True


def disable_interactive_logging() -> None:
    """Send what would be printed to the logger "rosenblatt", with the level INFO."""
    global _interactive
    _interactive = False


def is_interactive_logging_enabled() -> bool:
    """Whether output goes to standard output.

    >>> is_interactive_logging_enabled()
    True
    """
    return _interactive


def write(text: str) -> None:
    """Print text as it is; the log takes it without control characters at its ends."""
    if not _interactive:
        message = text.strip("\r\n\b ")
        if message:
            _log.info(message)
    elif sys.stdout is not None:  # a program without a console has none
        sys.stdout.write(text)
        sys.stdout.flush()


def say(line: str) -> None:
    """Print a line."""
    write(f"{line}\n")
