"""Rank 9: the command line, `rosenblatt train | evaluate | predict | summary`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rosenblatt.core.errors import explain

try:
    from rosenblatt.cli.app import main
except ModuleNotFoundError as error:
    if error.name != "typer":
        raise

    def main(arguments: Sequence[str] | None = None) -> int:
        """Say how to install what the command line needs."""
        message = explain(
            "rosenblatt: the command line needs typer, which is not installed.",
            fix='pip install "rosenblatt[cli]"',
        )
        print(message, file=sys.stderr)
        return 2


__all__ = ["main"]
