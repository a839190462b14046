"""`rosenblatt.distribution` with one device, and what `check_*.py` find with eight and two."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rosenblatt as rb
from rosenblatt.distribution import DataParallel, DeviceMesh, LayoutMap, ModelParallel, TensorLayout

HERE = Path(__file__).parent
TESTS = HERE.parent
AGAIN = ["training/test_fit.py", "training/test_resume.py", "training/test_custom_steps.py"]


def run(*arguments: str | Path) -> None:
    """Run tests in a process of their own, with virtual devices."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, arguments)]
    done = subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


def test_eight_devices() -> None:
    run("--devices", "8", "-o", "python_files=check_*.py", HERE)


def test_tests_of_training_once_more_over_two_devices() -> None:
    run("--devices", "2", "--spread", *[TESTS / name for name in AGAIN])


MESH = DeviceMesh((1,), ["batch"], ["cpu:0"])
MISTAKES: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: rb.distribution.list_devices("tpu"), ValueError, "bad `device_type`.*'tpu'"),
    (lambda: rb.distribution.get_device_count("x"), ValueError, "bad `device_type`.*'x'"),
    (lambda: DeviceMesh((), []), ValueError, "`shape` and `axis_names` do not belong together"),
    (lambda: DeviceMesh((1,), ["a", "b"]), ValueError, "do not belong together"),
    (lambda: DeviceMesh((2,), ["batch"]), ValueError, "`shape` does not fit.*jax_num_cpu_devices"),
    (lambda: DataParallel(devices=["cpu:7"]), ValueError, "unknown device.*'cpu:7'.*'cpu:0'"),
    (lambda: DataParallel(devices=["xpu:0"]), ValueError, "unknown device.*'xpu:0'.*'cpu:0'"),
    (lambda: DataParallel("cpu:0"), TypeError, "bad `device_mesh`.*a `DeviceMesh`"),  # type: ignore[arg-type]
    (lambda: TensorLayout(["x"], MESH), ValueError, "unknown names of axes.*'x'.*'batch'"),
    (lambda: setattr(TensorLayout([], MESH), "device_mesh", MESH), ValueError, "is set already"),
    (lambda: TensorLayout(["batch"]).backend_layout, ValueError, "no `device_mesh` is set"),
    (lambda: rb.distribution.set_distribution("cpu"), TypeError, "bad `value`.*DataParallel"),  # type: ignore[arg-type]
    (lambda: ModelParallel(layout_map=None), NotImplementedError, "ModelParallel: weights are not"),
    (lambda: LayoutMap(MESH), NotImplementedError, "LayoutMap: weights are not divided"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "text"), MISTAKES, ids=[text for *_, text in MISTAKES])
def test_mistakes_are_named(call: Callable[[], object], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=f"(?s){text}"):
        call()


def test_what_keras_offers_of_it_is_there(keras: Any) -> None:
    theirs = {name for name in dir(keras.distribution) if not name.startswith("_")}
    assert theirs <= set(dir(rb.distribution))
    parts = {name for name in dir(keras.distribution.DataParallel) if not name.startswith("_")}
    assert parts - {"distribute_tf_dataset"} <= set(dir(DataParallel()))
    for name in ("DeviceMesh", "TensorLayout"):
        mine = set(dir(getattr(rb.distribution, name)))
        assert {n for n in dir(getattr(keras.distribution, name)) if n[0] != "_"} <= mine
