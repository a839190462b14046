"""Optional dependencies: import one, or say what to install."""

from __future__ import annotations

import importlib
from types import ModuleType

from rosenblatt.core.errors import MissingPackage


def require(module: str, install: str, purpose: str) -> ModuleType:
    """Import an optional module.

    Args:
        module: its dotted name, e.g. "sklearn.datasets".
        install: what pip is to install, e.g. "rosenblatt[sklearn]".
        purpose: who needs it, e.g. "datasets.iris.load_data".

    Raises:
        MissingPackage: it is not installed; the message names the command that installs it.

    >>> require("wings.flap", "wings", "fly")
    Traceback (most recent call last):
    rosenblatt.core.errors.MissingPackage: fly: an optional dependency is missing. Expected: an
    installed 'wings'. Fix: pip install "wings"
    """
    package = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        # A module missing *inside* an installed package is another fault: let it through.
        if (error.name or "").partition(".")[0] != package:
            raise
        raise missing(package, install, purpose) from error


def missing(package: str, install: str, purpose: str) -> MissingPackage:
    """The error for a package that is not installed; arguments as of `require`."""
    error = MissingPackage(
        f"{purpose}: an optional dependency is missing.",
        expected=f"an installed {package.replace('_', '-')!r}",
        fix=f'pip install "{install}"',
    )
    error.name = package
    return error
