"""Programs on disk: what is traced, compiled and read, what they give, and when none is used.

Another process is one, or, where many are tried, this one after it has forgotten its programs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.training import disk, programs
from rosenblatt.training.sources import Sources, is_patched

X = np.random.default_rng(0).normal(size=(64, 5)).astype("float32")
Y = X[:, :1] - X[:, 1:2] ** 2


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty folder of programs of a process that has none."""
    monkeypatch.setenv("ROSENBLATT_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("ROSENBLATT_PROGRAM_CACHE", raising=False)
    programs.clear()
    return tmp_path / "programs"


def programs_in(folder: Path, kind: str = "[st]") -> list[Path]:
    """The files of structures ("s"), or of the texts' programs ("t")."""
    return sorted(path for path in folder.glob(f"{kind}*") if len(path.name) == 65)


def model(*more: Any) -> Any:
    rb.utils.set_random_seed(5)
    hidden = [rb.layers.Dense(4, "tanh"), rb.layers.Dropout(0.3)]
    made = rb.Sequential([rb.Input((5,)), *hidden, *more, rb.layers.Dense(1)])
    made.compile("sgd", "mse")
    return made


def used(make: Callable[[], Any] = model) -> list[np.ndarray]:
    """The results of fit, evaluate and predict."""
    made = make()
    history = made.fit(X, Y, epochs=2, verbose=0, validation_data=(X, Y)).history
    found = [made.evaluate(X, Y, verbose=0), made.predict(X, verbose=0), made.get_weights()]
    return [np.asarray(leaf) for leaf in jax.tree_util.tree_leaves((history, found))]


def counted(
    make: Callable[[], Any] = model, keep: bool = False
) -> tuple[list[np.ndarray], dict[str, int]]:
    """The same in a process that begins, with what became of programs."""
    if not keep:
        programs.clear()
    before = asdict(programs.statistics)
    found = used(make)
    after = asdict(programs.statistics)
    return found, {name: after[name] - before[name] for name in ("traced", "compiled", "loaded")}


def same(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    return all(
        a.dtype == b.dtype and np.array_equal(a, b) for a, b in zip(first, second, strict=True)
    )


ALL_NEW = {"traced": 3, "compiled": 3, "loaded": 0}  # fit, evaluate, predict
ALL_READ = {"traced": 0, "compiled": 0, "loaded": 3}
BY_TEXT = {"traced": 3, "compiled": 0, "loaded": 3}


def test_a_known_structure_is_neither_traced_nor_compiled(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, new = counted()
    second, known = counted()
    monkeypatch.setenv("ROSENBLATT_PROGRAM_CACHE", "0")
    without, none = counted()
    assert (new, known, none) == (ALL_NEW, ALL_READ, ALL_NEW)
    assert same(first, second) and same(first, without)
    assert len(programs_in(folder, "s")) == len(programs_in(folder, "t")) == 3


SCRIPT = """
import json, sys, time
from dataclasses import asdict
sys.path.insert(0, sys.argv[1])
import test_programs_on_disk as test_disk
import rosenblatt as rb
sys.stdin.read()
compiled = test_disk.watched_compilations()
found, counts = test_disk.counted(keep=True)
print(json.dumps([[leaf.tolist() for leaf in found], counts, len(compiled)]))
"""


def watched_compilations() -> list[str]:
    """Grows by one entry for each program that XLA compiles; JAX's small ones count too."""
    found: list[str] = []
    jax.monitoring.register_event_duration_secs_listener(
        lambda event, *_, **__: found.append(event) if "backend_compile" in event else None
    )
    return found


def started(folder: Path, source: Path | None = None, **variables: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "ROSENBLATT_CACHE_DIR": str(folder), **variables}
    environment["ROSENBLATT_PROGRAM_CACHE"] = "1"
    if source is not None:
        environment["PYTHONPATH"] = str(source)
    command = [sys.executable, "-W", "error", "-c", SCRIPT, str(Path(__file__).parent)]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment
    )


def ended(process: subprocess.Popen[str]) -> tuple[list[np.ndarray], dict[str, int], int]:
    out, errors = process.communicate(timeout=1800)
    assert process.returncode == 0 and not errors, errors
    found, counts, compiled = json.loads(out)
    return [np.asarray(leaf, "float32") for leaf in found], counts, compiled


def test_another_process_with_another_hash_seed_compiles_nothing(tmp_path: Path) -> None:
    first, new, compiled = ended(started(tmp_path, PYTHONHASHSEED="1"))
    second, known, compiled_again = ended(started(tmp_path, PYTHONHASHSEED="2"))
    assert (new, known) == (ALL_NEW, ALL_READ) and same(first, second)
    assert compiled >= 3 and compiled_again == 0
    before = {path.name for path in (tmp_path / "programs").iterdir()}
    _, changed, _ = ended(started(tmp_path, XLA_FLAGS="--xla_cpu_enable_fast_math=true"))
    assert changed == ALL_NEW  # XLA's flags are part of a program's name
    assert len({path.name for path in (tmp_path / "programs").iterdir()} - before) == 6


def test_eight_processes_at_once(tmp_path: Path) -> None:
    running = [started(tmp_path) for _ in range(8)]
    found = [ended(process) for process in running]
    assert all(same(found[0][0], results) for results, _, _ in found)
    assert all(counts["compiled"] + counts["loaded"] == 3 for _, counts, _ in found)
    _, counts, _ = ended(started(tmp_path))
    assert counts == ALL_READ


def test_changed_code_of_the_library_is_traced_again(tmp_path: Path) -> None:
    """A file of the same size, with the same time: as an installer of fixed times leaves it."""
    source = tmp_path / "source"
    package = source / "rosenblatt"
    shutil.copytree(
        Path(rb.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__", "*.gz")
    )
    ended(started(tmp_path, source))
    first, known, _ = ended(started(tmp_path, source))
    file = package / "ops" / "nn.py"
    text, times = file.read_text(), file.stat()
    assert known == ALL_READ
    file.write_text(text + "# a comment changes no text of a program\n")
    second, commented, _ = ended(started(tmp_path, source))
    assert commented == BY_TEXT and same(first, second)
    file.write_text(text)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    _, back, _ = ended(started(tmp_path, source))
    assert back == ALL_READ  # the content counts, not when it was written


def test_programs_from_a_cache_of_jax_are_not_kept(tmp_path: Path) -> None:
    """JAX gives back what it read from disk; written once more, it would lack its functions."""
    ours, jaxs = tmp_path / "ours", str(tmp_path / "jax")
    settings = {
        "JAX_COMPILATION_CACHE_DIR": jaxs,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    first, new, _ = ended(started(ours, **settings))
    shutil.rmtree(ours)
    for _ in range(2):
        again, counts, _ = ended(started(ours, **settings))
        assert same(first, again) and counts == new == ALL_NEW
    kept = [path.name for path in (ours / "programs").iterdir() if path.name.startswith("t")]
    assert kept == []


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "half": lambda whole: whole[: len(whole) // 2],
    "one bit": lambda whole: whole[:-100] + bytes([whole[-100] ^ 4]) + whole[-99:],
}


@pytest.mark.parametrize("kind", ["s", "t"])
def test_damaged_files_cost_a_compilation_and_nothing_else(folder: Path, kind: str) -> None:
    expected, _ = counted()
    files = programs_in(folder, kind)
    for change in DAMAGE.values():
        for path in files:
            path.write_bytes(change(path.read_bytes()))
        found, counts = counted()
        assert same(found, expected)
        assert counts == (ALL_NEW if kind == "t" else BY_TEXT)
        assert counted()[1] == ALL_READ


def test_files_that_changed_places_are_never_used(folder: Path) -> None:
    expected, _ = counted()
    for kind in ("s", "t"):
        files = programs_in(folder, kind)
        contents = [path.read_bytes() for path in files]
        for path, content in zip(files, contents[1:] + contents[:1], strict=True):
            path.write_bytes(content)
        found, counts = counted()
        assert same(found, expected) and counts["loaded"] == (0 if kind == "t" else 3)


def test_files_under_a_strangers_secret_are_never_used(folder: Path) -> None:
    expected, _ = counted()
    (folder / "secret").write_bytes(b"s" * 32)
    disk._disk_in.cache_clear()
    found, counts = counted()
    assert same(found, expected) and counts == ALL_NEW


def test_a_program_that_xla_refuses_is_compiled(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, _ = counted()
    files = disk.disk(jax.local_devices()[0])
    assert files is not None
    for path in programs_in(folder, "t"):
        files._store.write(path.name, b"not what JAX has written")
    found, counts = counted()
    assert same(found, expected) and counts == {"traced": 3, "compiled": 3, "loaded": 0}
    assert counted()[1] == ALL_READ


@pytest.mark.parametrize("part", ["write", "read"])
def test_a_disk_that_fails_is_done_without(
    folder: Path, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, _ = counted()
    opening = os.open

    def refuse(path: Any, flags: int, *mode: int) -> int:
        if str(folder) in str(path) and bool(flags & os.O_CREAT) == (part == "write"):
            raise OSError(28 if part == "write" else 5, "refused", str(path))
        return opening(path, flags, *mode)

    if part == "write":
        shutil.rmtree(folder)
    disk._disk_in.cache_clear()
    monkeypatch.setattr(os, "open", refuse)
    found, counts = counted()
    assert same(found, expected) and counts == ALL_NEW
    monkeypatch.undo()
    disk._disk_in.cache_clear()


def test_the_calling_threads_programs_are_on_disk_too(folder: Path) -> None:
    def few() -> tuple[list[np.ndarray], int, int]:
        programs.clear()
        made, before = model(), asdict(programs.statistics)
        found = [made.predict(X[:3], verbose=0) for _ in range(4)]
        after = programs.statistics
        return found, after.compiled - before["compiled"], after.loaded - before["loaded"]

    first, compiled, loaded = few()
    second, compiled_again, loaded_again = few()
    assert same(first, second) and (loaded, compiled_again) == (0, 0)
    assert compiled == loaded_again >= 1


# -- whose programs are not found by structure ---------------------------------------------------


class Twice(rb.Layer):
    """A user's layer."""

    def call(self, inputs: Any) -> Any:
        return 2 * inputs


class Thrice(rb.Layer):
    """Another version of it."""

    def call(self, inputs: Any) -> Any:
        return 3 * inputs


def test_a_users_code_is_traced_and_found_by_its_text(folder: Path) -> None:
    first, new = counted(lambda: model(Twice()))
    second, known = counted(lambda: model(Twice()))
    other, changed = counted(lambda: model(Thrice()))
    assert (new, known, changed) == (ALL_NEW, BY_TEXT, ALL_NEW)
    assert same(first, second) and not same(first, other)
    assert not programs_in(folder, "s")


def test_what_a_loss_reads_beside_its_arguments_is_not_in_the_structure(folder: Path) -> None:
    def make(value: float) -> Any:
        beta = rb.Variable(value, trainable=False)
        made = model()
        made.compile("sgd", lambda t, p: beta * rb.ops.mean((t - p) ** 2, axis=-1))
        return made

    first, _ = counted(lambda: make(1.0))
    again, known = counted(lambda: make(1.0))
    second, counts = counted(lambda: make(3.0))
    assert known["compiled"] == counts["compiled"] == 0 and counts["traced"] >= 2
    assert same(first, again) and not same(first, second)


def test_a_program_that_calls_back_is_not_written(folder: Path) -> None:
    def there(x: Any) -> Any:
        return np.asarray(x) + 1

    class Host(rb.Layer):
        """Computes on the host."""

        def call(self, inputs: Any) -> Any:
            return jax.pure_callback(
                there, jax.ShapeDtypeStruct(inputs.shape, inputs.dtype), inputs
            )

    made = rb.Sequential([rb.Input((5,)), Host()])
    np.testing.assert_array_equal(made.predict(X, verbose=0), X + 1)
    assert not programs_in(folder)


def test_a_patched_function_of_the_library_is_traced(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, _ = counted()
    assert not is_patched()

    def call(self: Any, inputs: Any, training: Any = None) -> Any:
        return inputs * 0

    with monkeypatch.context() as patch:
        patch.setattr(rb.layers.Dropout, "call", call)
        assert is_patched()
        patched, counts = counted()
        assert counts == ALL_NEW and not same(plain, patched)
    assert not is_patched()
    found, counts = counted()
    assert same(found, plain) and counts == ALL_READ


def test_no_module_of_the_library_looks_patched() -> None:
    walk = (
        "import importlib, pkgutil, rosenblatt\n"
        "for module in pkgutil.walk_packages(rosenblatt.__path__, 'rosenblatt.'):\n"
        "    if not module.name.endswith('__main__'):\n"
        "        try: importlib.import_module(module.name)\n"
        "        except ImportError: pass\n"
        "from rosenblatt.training.sources import is_patched\n"
        "assert not is_patched()\n"
    )
    subprocess.run([sys.executable, "-c", walk], check=True, timeout=600)


def test_code_that_changed_after_it_was_loaded_has_no_digest(folder: Path) -> None:
    counted()
    files = disk.disk(jax.local_devices()[0])
    assert files is not None
    now = Sources.now()
    assert now.digest(files._store) is not None
    later = now._replace(changed=2**62)
    assert later.digest(files._store) is None


@pytest.mark.parametrize("change", ["epsilon", "precision", "optimizations"])
def test_a_setting_has_programs_of_its_own(folder: Path, change: str) -> None:
    counted()
    settings: dict[str, tuple[Callable[[Any], Any], Any, Any]] = {
        "epsilon": (rb.config.set_epsilon, 1e-2, 1e-7),
        "precision": (
            lambda v: jax.config.update("jax_default_matmul_precision", v), "float32", None,
        ),
        "optimizations": (
            lambda v: jax.config.update("jax_disable_most_optimizations", v), True, False,
        ),
    }  # fmt: skip
    put, value, usual = settings[change]
    try:
        put(value)
        assert counted()[1] == ALL_NEW
        assert counted()[1] == ALL_READ
    finally:
        put(usual)
    assert counted()[1] == ALL_READ


def test_arrays_on_a_device_of_the_users_choice_use_no_disk(folder: Path) -> None:
    key = ("a test", 1)
    bound = jax.device_put(X, jax.local_devices()[0])
    for array, counts in ((bound, 0), (X, 2), (bound, 0)):
        programs.clear()
        program = programs.get_program(key, lambda: lambda x: x + 1, array)
        np.testing.assert_array_equal(program(array), X + 1)
        found = programs_in(folder)
        assert len(found) == counts
        shutil.rmtree(folder, ignore_errors=True)
        disk._disk_in.cache_clear()
        if array is bound:
            assert not found


def test_jaxs_own_cache_is_left_alone(folder: Path) -> None:
    before = jax.config.jax_compilation_cache_dir
    counted()
    assert jax.config.jax_compilation_cache_dir == before
    assert not list(folder.glob("*-cache"))
