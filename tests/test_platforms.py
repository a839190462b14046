"""What Linux has and Windows lacks is not needed: it is taken away, then the library is used."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "rosenblatt"

# What only POSIX systems have, and the library might reach for.
MODULES = "fcntl grp pwd resource termios pty tty syslog readline"
FUNCTIONS = (
    "chown fchmod fork forkpty geteuid getgid getegid getloadavg getpgid getuid initgroups killpg "
    "mkfifo posix_fallocate register_at_fork sched_getaffinity setsid statvfs sysconf uname wait3 "
    "wait4"
)
SIGNALS = "SIGALRM SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGTSTP SIGUSR1 SIGUSR2"

AWAY = f"""
import sys
# What the library builds on is imported as it is on this system: it has its own Windows versions.
import asyncio, concurrent.futures.process, ctypes, filelock, h5py, jax, matplotlib.pyplot
import multiprocessing.connection, numpy, platformdirs, polars, rich.console, sklearn.ensemble
import typer, tensorboard.compat.proto.summary_pb2, optuna, pandas
import signal, os, subprocess
jax.numpy.ones(3) + 1
for module in {MODULES!r}.split():
    sys.modules[module] = None
for name in {FUNCTIONS!r}.split():
    if hasattr(os, name):
        delattr(os, name)
for name in {SIGNALS!r}.split():
    delattr(signal, name)
no_library = ctypes.CDLL
class CDLL(ctypes.CDLL):
    def __init__(self, name, *arguments, **named):
        if name is None or "libc" in name:
            raise OSError(f"there is no {{name}} here")
        super().__init__(name, *arguments, **named)
ctypes.CDLL = CDLL
"""
IMPORT_ALL = """
import importlib, pkgutil
import rosenblatt
names = [one.name for one in pkgutil.walk_packages(rosenblatt.__path__, "rosenblatt.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(len(names))
"""
USE_IT = """
import rosenblatt as rb
from rosenblatt.cli import main
from rosenblatt.training import programs
x = numpy.linspace(0, 1, 24, dtype="float32").reshape(12, 2)
model = rb.Sequential([rb.Input((2,)), rb.layers.Dropout(0.1), rb.layers.Dense(1)])
model.compile(loss="mse", optimizer="adam")
model.fit(x, x.sum(axis=1), epochs=2, verbose=0, resume_from="backup")
programs._give_memory_back()
model.save("model.keras")
loaded = rb.saving.load_model("model.keras")
numpy.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))

class Search(rb.tuner.Tuner):
    def run_trial(self, trial, *args, **kwargs):
        return trial.hyperparameters.Float("x", 0, 1)

oracle = rb.tuner.RandomSearchOracle(rb.tuner.Objective("x", "min"), max_trials=2)
Search(oracle, lambda hp: hp.Float("x", 0, 1), directory="search").search(verbose=0)
assert len(oracle.get_best_trials(2)) == 2
assert main(["summary", "model.keras"]) == 0
sys.platform = "win32"
code = main(["launch", "--processes", "2", "--", sys.executable, "-c", "import sys; sys.exit(7)"])
assert code == 7, code
print("used")
"""


def run(code: str, folder: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(SOURCE.parent)} | environment,
        capture_output=True,
        timeout=1800,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode(errors="replace")


def test_nothing_needs_what_only_posix_has(tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    printed = run(AWAY + IMPORT_ALL + USE_IT, tmp_path, ROSENBLATT_CACHE_DIR=cache).splitlines()
    assert int(printed[0]) > 200
    assert printed[-1] == "used"


def test_letters_that_a_terminal_lacks_do_not_end_a_command(tmp_path: Path) -> None:
    model = "import rosenblatt as rb\nrb.Sequential([rb.Input((2,)), rb.layers.Dense(1)])"
    command = "from rosenblatt.cli import main\nassert main(['summary', 'm.keras']) == 0"
    printed = run(f"{model}.save('m.keras')\n{command}", tmp_path, PYTHONIOENCODING="ascii")
    assert "Total params: 3" in printed
    assert "?" in printed


def test_what_only_posix_has_is_on_the_page() -> None:
    """Code that reaches for it has a row in docs/platforms.md."""
    page = (ROOT / "docs" / "platforms.md").read_text()
    names = [*MODULES.split(), *FUNCTIONS.split(), "malloc_trim", "prctl"]
    used = set()
    for path in SOURCE.rglob("*.py"):
        text = path.read_text()
        for name in names:
            if re.search(rf"\b(os\.|import |\"){name}\b|\.{name}\(", text):
                used.add(name)
    assert {"killpg", "malloc_trim", "sched_getaffinity", "geteuid"} <= used
    assert [name for name in sorted(used) if f"`{name}`" not in page] == []
