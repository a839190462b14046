"""`rosenblatt --version --all`: everything about a machine that a report of a fault needs."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import jax

from rosenblatt.core.config import cache_dir
from rosenblatt.core.cores import number_of_cores
from rosenblatt.core.versions import own_version, version_of
from rosenblatt.training.store import disk_cache_dir

NEEDED = ("jax", "jaxlib", "numpy", "h5py", "rich", "platformdirs", "filelock")
# What the extras install, and libraries whose models, data or files are read and written.
OPTIONAL = (
    "typer", "polars", "matplotlib", "scikit-learn", "scipy", "fastexcel", "pyarrow", "onnx",
    "tensorboard", "google-crc32c", "xprof", "optax", "optuna", "ray", "starlette", "uvicorn",
    "pandas", "keras", "keras-tuner", "tensorflow", "torch",
)  # fmt: skip
# Of the environment, what changes how this library, JAX or the libraries below compute.
PREFIXES = ("ROSENBLATT_", "JAX_", "XLA_", "TF_", "KERAS_", "OMP_", "CUDA_", "NVIDIA_", "PYTHON")
_INSTRUCTIONS = ("sse4_2", "avx", "avx2", "fma", "avx512f", "amx_tile", "asimd", "sve")
_UNKNOWN = "unknown"


def report() -> str:
    """The facts, a line each: a name, and behind it what was found."""
    return "\n".join(f"{name}: {found}" for name, found in _facts())


def _facts() -> Iterator[tuple[str, str]]:
    yield "rosenblatt", f"{own_version()}, {Path(__file__).parents[1]}"
    yield "Python", f"{platform.python_implementation()} {sys.version.split()[0]}, {sys.executable}"
    yield "system", platform.platform()
    yield "processor", _processor()
    yield "instructions", _instructions()
    yield "cores", f"{number_of_cores()} for this process, {os.cpu_count()} in all"
    yield "memory", _memory()
    for package in (*NEEDED, *OPTIONAL):
        yield package, version_of(package) or "not installed"
    yield "devices", _devices()
    yield "cache folder", _cache()
    yield "program cache", str(disk_cache_dir() or "switched off")
    names = sorted(name for name in os.environ if name.startswith(PREFIXES))
    yield "environment", ", ".join(f"{name}={os.environ[name]}" for name in names) or "nothing set"


def _lines(path: str) -> list[str]:
    """The lines of a file of Linux's; none elsewhere."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _of_processor(*names: str) -> str:
    for line in _lines("/proc/cpuinfo"):
        name, _, found = line.partition(":")
        if name.strip() in names:
            return found.strip()
    return ""


def _processor() -> str:
    found = _of_processor("model name", "Model", "Hardware") or platform.processor()
    return f"{found or _UNKNOWN} ({platform.machine()})"


def _instructions() -> str:
    held = _of_processor("flags", "Features").split()
    return ", ".join(name for name in _INSTRUCTIONS if name in held) or _UNKNOWN


def _memory() -> str:
    held = dict(line.split(":", 1) for line in _lines("/proc/meminfo") if ":" in line)
    sizes = [held.get(name, "").split()[:1] for name in ("MemTotal", "MemAvailable")]
    if not all(sizes):
        return _UNKNOWN
    total, free = (int(size[0]) / 2**20 for size in sizes)
    return f"{total:.1f} GiB, {free:.1f} GiB available"


def _devices() -> str:
    try:
        return ", ".join(f"{one.platform} {one.device_kind}" for one in jax.devices())
    except RuntimeError as error:  # a backend that does not start is what a report is about
        return f"none: {' '.join(str(error).split())}"


def _cache() -> str:
    folder = cache_dir()
    if not folder.is_dir():
        return f"{folder} (does not exist yet)"
    held = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    may = "" if os.access(folder, os.W_OK) else ", may not be written to"
    return f"{folder} ({held / 2**20:.0f} MB{may})"
