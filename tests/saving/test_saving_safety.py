"""Files made to do harm: bombs, links out of the file, code; each is refused before it acts."""

from __future__ import annotations

import struct
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from saving_helpers import edit_config, edit_weights

import rosenblatt as rb
from rosenblatt.core.errors import FileRefused
from rosenblatt.graph import config as graph_config
from rosenblatt.saving import archive as archives
from rosenblatt.saving import load_model
from rosenblatt.saving.hdf5_texts import longest_text
from rosenblatt.saving.inspection import inspect_file

KERNEL = "layers/dense/vars/0"


def refused(path: Path) -> str:
    with pytest.raises(FileRefused) as caught:
        load_model(path)
    return str(caught.value)


def replace_kernel(path: Path, **arguments: Any) -> None:
    def edit(file: h5py.File) -> None:
        del file[KERNEL]
        file.create_dataset(KERNEL, **arguments)

    edit_weights(path, edit)


def test_a_huge_declared_shape_is_not_read(saved: Path) -> None:
    replace_kernel(saved, shape=(1 << 40,), dtype="float32", chunks=(1024,), compression="gzip")
    assert "weight 'kernel' has shape (4, 3) in the model, (1099511627776,) in the file" in refused(
        saved
    )


def test_a_huge_shape_in_the_optimizers_state(saved: Path) -> None:
    def edit(file: h5py.File) -> None:
        del file["optimizer/vars/2"]
        file.create_dataset("optimizer/vars/2", shape=(1 << 40,), dtype="f4", chunks=(1024,))

    edit_weights(saved, edit)
    with pytest.warns(UserWarning, match="state of optimizer 'adam' does not fit"):
        load_model(saved)


def test_links_are_not_followed(saved: Path, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["secret"] = np.zeros((4, 3), "float32")
    for link, kind in (
        (h5py.ExternalLink(str(tmp_path / "secret.h5"), "secret"), "ExternalLink"),
        (h5py.SoftLink("/layers/dense/vars/1"), "SoftLink"),
    ):

        def edit(file: h5py.File, link: Any = link) -> None:
            del file[KERNEL]
            file[KERNEL] = link

        edit_weights(saved, edit)
        assert (
            f"model.weights.h5/{KERNEL} is refused: it is a {kind}. Expected: an array of numbers "
            "in the file itself, of the size of the model's weight. Fix: do not use this file "
            "unless you know who made it."
        ) in refused(saved)


def test_groups_behind_links_are_not_followed(saved: Path) -> None:
    def edit(file: h5py.File) -> None:
        file.move("layers/dense", "elsewhere")
        file["layers/dense"] = h5py.SoftLink("/elsewhere")

    edit_weights(saved, edit)
    assert "/layers/dense is refused: it is a SoftLink" in refused(saved)


def test_values_in_other_files_are_not_read(saved: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"x" * 48)
    replace_kernel(saved, shape=(4, 3), dtype="f4", external=[(str(secret), 0, 48)])
    assert "is refused: its values are in another file" in refused(saved)


def test_virtual_datasets_are_not_read(saved: Path, tmp_path: Path) -> None:
    layout = h5py.VirtualLayout(shape=(4, 3), dtype="f4")
    layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "secret", shape=(4, 3))

    def edit(file: h5py.File) -> None:
        del file[KERNEL]
        file.create_virtual_dataset(KERNEL, layout)

    edit_weights(saved, edit)
    assert "is refused: its values are in another file" in refused(saved)


@pytest.mark.parametrize(
    "data",
    [
        np.array([["text"] * 3] * 4, dtype=h5py.string_dtype()),
        np.zeros((4, 3), np.dtype([("a", "f4"), ("b", "f4")])),
        np.zeros((4, 3), "S4"),
        np.zeros((4, 3), "V8"),
    ],
    ids=["object", "compound", "bytes", "opaque"],
)
def test_only_numbers_are_read(saved: Path, data: np.ndarray) -> None:
    replace_kernel(saved, data=data)
    assert "is refused: its type is" in refused(saved)


def test_references_are_not_read(saved: Path) -> None:
    replace_kernel(saved, shape=(4, 3), dtype=h5py.ref_dtype)
    assert "is refused: its type is object, not numbers" in refused(saved)


def test_an_empty_dataset(saved: Path) -> None:
    replace_kernel(saved, data=h5py.Empty("f4"))
    assert "weight 'kernel' has shape (4, 3) in the model, () in the file" in refused(saved)


def test_a_filter_that_would_load_a_plugin(saved: Path) -> None:
    replace_kernel(saved, shape=(4, 3), dtype="f4", chunks=(4, 3), scaleoffset=2)
    assert "is refused: it needs HDF5 filter 6" in refused(saved)


def test_a_group_that_contains_itself(saved: Path) -> None:
    def edit(file: h5py.File) -> None:
        file["layers/dense/again"] = file["layers"]

    edit_weights(saved, edit)
    load_model(saved)


def test_a_group_in_place_of_a_value(saved: Path) -> None:
    def edit(file: h5py.File) -> None:
        del file[KERNEL]
        file.create_group(KERNEL)

    edit_weights(saved, edit)
    assert "layer 'dense' (Dense) has 2 weights in the model" in refused(saved)


def test_every_cut_and_many_flips_of_the_weights_are_survived(saved: Path) -> None:
    """Whatever happens to the bytes, the answer is a model, or a ValueError."""
    with zipfile.ZipFile(saved) as archive:
        content = archive.read("model.weights.h5")
        config = archive.read("config.json")
    rng = np.random.default_rng(0)
    for number in range(100):
        damaged = bytearray(content)
        for place in rng.integers(0, len(damaged), 5):
            damaged[place] ^= 1 << int(rng.integers(8))
        if number % 3 == 0:
            damaged = damaged[: int(rng.integers(len(damaged)))]
        with zipfile.ZipFile(saved, "w") as archive:
            archive.writestr("config.json", config)
            archive.writestr("model.weights.h5", bytes(damaged))
        with suppress(ValueError), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The saved state of optimizer", UserWarning)
            load_model(saved)


def declare(path: Path, name: str, **fields: int) -> None:
    """Write other sizes, flags or methods into a member's entry of the archive's directory."""
    offsets = {"flags": (8, "H"), "method": (10, "H"), "stored": (20, "I"), "size": (24, "I")}
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02", 0, content.rindex(name.encode()))
    for key, value in fields.items():
        offset, kind = offsets[key]
        struct.pack_into(f"<{kind}", content, entry + offset, value)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "fields", "reason"),
    [
        (
            "config.json",
            {"size": 1 << 31},
            "config.json is refused: it declares 2,147,483,648 bytes, and 67,108,864 are allowed.",
        ),
        (
            "model.weights.h5",
            {"size": 1 << 31},
            "bytes would expand to 2,147,483,648.",
        ),
        (
            "model.weights.h5",
            {"stored": 1 << 30},
            "it declares more bytes than the archive has, 1,073,741,824.",
        ),
        ("config.json", {"flags": 1}, "config.json is refused: it is encrypted."),
        ("config.json", {"method": 12}, "config.json is refused: its compression method is 12."),
    ],
)
def test_archives_that_lie(saved: Path, name: str, fields: dict[str, int], reason: str) -> None:
    declare(saved, name, **fields)
    text = refused(saved)
    assert reason in text
    assert text.endswith("Fix: do not use this file unless you know who made it.")


def test_a_config_that_expands_without_end(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_MAX_JSON", 1000)
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * 1001)
    assert "it declares 1,001 bytes, and 1,000 are allowed" in refused(saved)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice(saved: Path) -> None:
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr("config.json", b"{}")
    assert "config.json is refused: it is in the archive more than once." in refused(saved)


def test_other_members_are_neither_read_nor_unpacked(saved: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr("../../evil.py", b"raise SystemExit")
        archive.writestr("assets/huge", b"0" * 10)
    load_model(saved)
    assert [f.name for f in tmp_path.iterdir()] == ["model.keras"]


def test_a_heap_of_texts_that_never_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.save(path)
    assert longest_text(str(path)) > 500  # the model's config
    content = bytearray(path.read_bytes())
    heap = content.index(b"GCOL\x01")
    size = int.from_bytes(content[heap + 8 : heap + 16], "little")
    for edit in (
        lambda c: c.__setitem__(slice(heap + 16, heap + size), bytes(size - 16)),  # size 0
        lambda c: c.__setitem__(slice(heap + 24, heap + 32), b"\xff" * 8),  # beyond the end
        lambda c: c.__setitem__(slice(heap + 8, heap + 16), bytes(8)),  # no heap at all
        lambda c: c.__setitem__(14, 4),  # lengths of 4 bytes
    ):
        broken = bytearray(content)
        edit(broken)
        path.write_bytes(broken)
        assert longest_text(str(path)) is None
        assert "the file is damaged" in refused(path) or "HDF5" in refused(path)


@pytest.mark.parametrize("module", ["os", "subprocess", "builtins", "keras.src.utils.file_utils"])
def test_functions_that_a_config_names_are_not_called(saved: Path, module: str) -> None:
    """CVE-2025-1550: a module and a function of a config's choice."""

    def edit(config: Any) -> None:
        config["config"]["layers"][1] = {
            "module": module,
            "class_name": "system",
            "config": {"command": f"touch {saved.parent / 'touched'}"},
            "registered_name": None,
            "inbound_nodes": [],
        }

    edit_config(saved, edit)
    text = refused(saved)
    assert "system" in text
    if module in ("os", "subprocess"):
        assert "custom_objects" not in text and "import" not in text
        assert "'system' is Python's own and not part of a model; do not use this file" in text
        danger = f"something of Python itself that it names: {module}.system"
        assert inspect_file(saved).dangers == [danger]
    assert not (saved.parent / "touched").exists()


@pytest.mark.parametrize("name", ["file:///etc/passwd", "/etc/passwd", "http://[::1]:9/v.txt"])
@pytest.mark.parametrize("kind", ["StringLookup", "IntegerLookup"])
def test_vocabularies_elsewhere_are_not_read(saved: Path, kind: str, name: str) -> None:
    def edit(config: Any) -> None:
        layer = {"module": "keras.layers", "class_name": kind, "registered_name": None}
        config["config"]["layers"].append({**layer, "config": {"name": "v", "vocabulary": name}})

    edit_config(saved, edit)
    for safe_mode in (True, False):
        with pytest.raises(FileRefused, match="vocabulary"):
            load_model(saved, safe_mode=safe_mode)


def test_layers_in_any_order_take_no_longer(saved: Path) -> None:
    """A chain listed from its end: found in one pass, not in one for each layer."""
    x = y = rb.Input((2,))
    for _ in range(400):
        y = rb.layers.Identity()(y)
    config = rb.Model(x, y).get_config()
    config["layers"].reverse()
    calls = []
    tried = graph_config._call

    def counted(*args: Any) -> Any:
        calls.append(1)
        return tried(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph_config, "_call", counted)
        assert rb.Model.from_config(config).count_params() == 0
    assert len(calls) <= 2 * 400
