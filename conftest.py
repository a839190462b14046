"""What all tests keep to on any machine: a cache of their own, two gigabytes, any order.

JAX keeps, beside each program (0.2 MB), the text that it was compiled from (1.2 MB), and real
Keras runs thousands of small programs. So the texts are dropped when a process has grown; where
that is not enough, the programs too.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import gc
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

MOST = 2048  # megabytes that a process of the tests may ever have in memory
_MUCH = 1350  # megabytes with which programs are dropped too, which costs time
_ROOM = 150  # megabytes that may be added before anything is dropped
_FAILURES = "ROSENBLATT_TEST_FAILURES"  # the file that failures are added to
_END = 700  # letters of a failure's text that are kept: its end says most
_grown_at = 900
_peaks: list[int] = []


def _own_cache() -> None:
    """Give the processes of this run a cache: what others left on disk decides nothing."""
    folder, owner = tempfile.mkdtemp(prefix="rosenblatt-tests-"), os.getpid()
    os.environ["ROSENBLATT_CACHE_DIR"] = folder
    atexit.register(lambda: os.getpid() == owner and shutil.rmtree(folder, ignore_errors=True))


if "PYTEST_XDIST_WORKER" not in os.environ:
    _own_cache()


def _megabytes(name: str) -> int:
    """A figure of this process's memory, as Linux counts it; 0 elsewhere."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return sum(int(line.split()[1]) >> 10 for line in lines if line.startswith(f"{name}:"))


def _give_back() -> None:
    global _grown_at
    if _megabytes("VmRSS") < _grown_at or "jax" not in sys.modules:
        return
    import jax
    from jax._src import pjit
    from jax._src.interpreters import pxla

    from rosenblatt.training import programs

    pjit._pjit_lower.cache_clear()
    pxla._cached_lowering_to_hlo.cache_clear()
    _trim()
    if _megabytes("VmRSS") > _MUCH:
        programs.clear()
        jax.clear_caches()
        gc.collect()
        _trim()
    _grown_at = _megabytes("VmRSS") + _ROOM


def _trim() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--shuffle SEED`: no test may depend on which ones ran before it."""
    told = "run the tests in an order drawn from this seed"
    parser.addoption("--shuffle", type=int, metavar="SEED", default=None, help=told)
    told = "make so many virtual devices of the processor"
    parser.addoption("--devices", type=int, metavar="NUMBER", default=1, help=told)
    told = "divide each batch of every test among all devices"
    parser.addoption("--spread", action="store_true", help=told)


def pytest_configure(config: pytest.Config) -> None:
    """Make virtual devices before anything is computed."""
    if (devices := config.getoption("devices")) > 1:
        import jax

        jax.config.update("jax_num_cpu_devices", devices)


@pytest.fixture(autouse=True)
def _spread(request: pytest.FixtureRequest) -> Iterator[None]:
    if not request.config.getoption("spread"):
        yield
        return
    from rosenblatt.distribution import DataParallel, set_distribution

    set_distribution(DataParallel())
    yield
    set_distribution(None)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say how to repeat the order."""
    seed = config.getoption("shuffle")
    return None if seed is None else f"order of the tests: --shuffle {seed}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Shuffle after all else that sorts, the same in each process of `-n 2`."""
    seed = config.getoption("shuffle")
    if seed is not None:
        items.sort(key=lambda item: item.nodeid)  # the seed alone decides
        random.Random(seed).shuffle(items)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays for good: 0.4 s each time."""
    gc.collect()
    gc.freeze()


def pytest_runtest_logfinish() -> None:
    """Give back what a test compiled, where there is much of it."""
    _give_back()


@pytest.fixture(scope="session")
def give_back() -> Callable[[], None]:
    """For a test that makes many models: gives back, where there is much, what they took."""
    return _give_back


@functools.cache
def _computes_float16() -> bool:
    import jax
    import numpy as np

    try:
        jax.jit(lambda x: x * 2)(np.ones(2, "float16"))
    except jax.errors.JaxRuntimeError:
        return False
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Skip what needs float16 where XLA cannot compile it."""
    report = yield
    lost = report.failed and "Failed to materialize symbols" in report.longreprtext
    if lost and not _computes_float16():
        report.outcome = "skipped"
        reason = "Skipped: XLA computes float16 on processors with F16C only"
        report.longrepr = (str(item.path), item.location[1] or 0, reason)
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take down what a worker has told."""
    _peaks.append(getattr(node, "workeroutput", {}).get("megabytes", 0))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell this process's peak, or fail where a process had too much."""
    peak = _megabytes("VmHWM")
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["megabytes"] = peak
        return
    _peaks.append(peak)
    if max(_peaks) > MOST and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int) -> None:
    """Say how much memory each process had at most, and tell `make test` what failed."""
    peaks = ", ".join(str(peak) for peak in _peaks)
    too_much = max(_peaks) > MOST
    line = f"Memory of each process at its peak, in MB: {peaks} (at most {MOST})"
    terminalreporter.write_line(line, red=too_much, bold=too_much)
    if (exitstatus or too_much) and (failures := os.environ.get(_FAILURES)):
        reports = [*terminalreporter.getreports("error"), *terminalreporter.getreports("failed")]
        told = [f"{report.nodeid}\n{report.longreprtext[-_END:]}\n" for report in reports]
        with Path(failures).open("a", encoding="utf-8") as file:
            file.write("\n".join([*told, *([line] if too_much or not told else []), ""]))
