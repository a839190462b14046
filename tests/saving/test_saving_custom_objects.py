"""Users' own classes in a fresh process: the error names their file and what to write."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.saving.custom_objects import custom_objects_of

PARTS = """
import rosenblatt as rb

@rb.saving.register_keras_serializable("elsewhere")
class Glow(rb.layers.Layer):
    def call(self, x):
        return 2 * x

@rb.saving.register_keras_serializable("elsewhere")
def wave(x):
    return rb.ops.sin(x)

class Bare(rb.layers.Layer):
    def call(self, x):
        return x
"""
SAVE = """
import numpy as np
model = rb.Sequential([rb.Input((2,)), Glow(), rb.layers.Dense(1, activation=wave), Bare()])
model.save("model.keras")
np.save("expected.npy", model.predict(np.ones((2, 2)), verbose=0))
"""
LOAD = """
import numpy as np
model = rb.models.load_model("model.keras", custom_objects={"Bare": Bare})
np.testing.assert_array_equal(model.predict(np.ones((2, 2)), verbose=0), np.load("expected.npy"))
"""


def run(folder: Path, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=folder, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    return done.stderr


@pytest.mark.parametrize("module", ["parts", "__main__"])
def test_a_fresh_process(tmp_path: Path, module: str) -> None:
    if module == "parts":
        (tmp_path / "parts.py").write_text(PARTS)
        assert run(tmp_path, "import rosenblatt as rb\nfrom parts import *\n" + SAVE) == ""
    else:
        (tmp_path / "parts.py").write_text(PARTS + SAVE)
        done = subprocess.run([sys.executable, "parts.py"], cwd=tmp_path, capture_output=True)
        assert done.returncode == 0
        (tmp_path / "parts.py").write_text(PARTS)
    path = tmp_path / "model.keras"
    with pytest.raises(ValueError) as caught:
        rb.models.load_model(path)
    text = str(caught.value)
    assert text.startswith(
        f"{str(path)!r}: the model cannot be made from the file. Unknown class or function "
        f"'elsewhere>Glow' (module {module!r})."
    )
    assert text.endswith(
        "It needs Glow, wave, Bare of 'parts.py': write `from parts import Glow, wave, Bare` "
        "first; pass `custom_objects={'Bare': Bare}`."
    )
    assert run(tmp_path, "import rosenblatt as rb\nfrom parts import *\n" + LOAD) == ""


def test_what_is_known_is_not_asked_for(tmp_path: Path) -> None:
    @rb.saving.register_keras_serializable("test_strangers")
    class Known(rb.layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    class Given(rb.layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    class Other(rb.layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    path = tmp_path / "model.keras"
    model = rb.Sequential([rb.Input((2,)), Known(), Given(), Other()])
    model.save(path)
    assert [s.name for s in custom_objects_of(rb.saving.serialize_keras_object(model))] == [
        "Known", "Given", "Other",
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"It needs Other.*; pass `custom_objects=\{'Other'"):
        rb.models.load_model(path, custom_objects={"Given": Given})
    loaded = rb.models.load_model(path, custom_objects={"Given": Given, "Other": Other})
    with rb.saving.custom_object_scope({"Given": Given, "Other": Other}):
        scoped = rb.models.load_model(path)
    for one in (loaded, scoped):
        np.testing.assert_array_equal(one.predict(np.ones((1, 2)), verbose=0), [[1, 1]])


def test_keras_reads_a_file_that_names_its_sources(keras: Any, tmp_path: Path) -> None:
    @rb.saving.register_keras_serializable("test_strangers_keras")
    class Same(rb.layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    rb.Sequential([rb.Input((2,)), Same(name="same")]).save(tmp_path / "model.keras")

    class Theirs(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    model = keras.models.load_model(
        tmp_path / "model.keras", custom_objects={"test_strangers_keras>Same": Theirs}
    )
    assert model.layers[-1].name == "same"
