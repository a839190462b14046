"""Versions of packages, read from what is installed: none of them is imported."""

from __future__ import annotations

from importlib import metadata


def version_of(package: str) -> str | None:
    """The version of an installed package; None where it is not installed.

    Args:
        package: the name by which pip knows it.

    >>> version_of("a-package-that-does-not-exist") is None
    True
    """
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def own_version() -> str:
    """The version of this library."""
    return version_of("rosenblatt") or "(run from a source folder, not installed)"
