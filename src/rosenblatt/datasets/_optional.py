"""Optional dependencies: import one, or say what to install."""

from __future__ import annotations

import importlib
from typing import Any

from rosenblatt.core.errors import explain


def require(module: str, install: str, purpose: str) -> Any:
    """Import an optional module.

    Args:
        module: its dotted name, e.g. "sklearn.datasets".
        install: what pip is to install, e.g. "rosenblatt[sklearn]".
        purpose: who needs it, e.g. "datasets.iris.load_data".

    Returns:
        The module.

    Raises:
        ImportError: it is not installed; the message names the command that installs it.
    """
    package = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        # A module missing *inside* an installed package is another fault: let it through.
        if (error.name or "").partition(".")[0] != package:
            raise
        raise ImportError(
            explain(
                f"{purpose}: an optional dependency is missing.",
                expected=f"an installed {package!r}",
                fix=f'pip install "{install}"',
            ),
            name=package,
        ) from error
