"""What the figures were measured on."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import sys
from pathlib import Path

_PACKAGES = (
    "rosenblatt",
    "jax",
    "jaxlib",
    "numpy",
    "keras",
    "tensorflow_cpu",
    "tensorflow",
    "torch",
)


def cores() -> int:
    """Processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def describe() -> str:
    """One line: date, processor, memory, system, versions."""
    today = datetime.date.today().isoformat()
    versions = [f"Python {platform.python_version()}"]
    versions += [f"{name} {found}" for name in _PACKAGES if (found := _version(name))]
    parts = [_processor(), f"{cores()} cores", *_memory(), platform.system()]
    return f"{today}; {', '.join(parts)}; {', '.join(versions)}"


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory() -> list[str]:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return []
    return [f"{total / 2**30:.0f} GiB"]


def resident_bytes() -> int:
    """Memory this process holds now."""
    return _status("VmRSS")


def peak_bytes() -> int:
    """Most memory this process ever held."""
    return _status("VmHWM")


def _status(field: str) -> int:
    # /proc, not getrusage: on Linux ru_maxrss begins at the size of the process that forked us.
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) * 1024
    import resource

    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
