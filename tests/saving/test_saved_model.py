"""SavedModels without TensorFlow: what they hold, `TFSMLayer`, damaged and hostile ones."""

from __future__ import annotations

import copy
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export as jax_export
from messages import Case, check_message, texts_beside
from tensorboard.compat.proto import meta_graph_pb2

import rosenblatt as rb
from rosenblatt.core import wire
from rosenblatt.core.errors import BadData, FileRefused, UnknownName
from rosenblatt.layers import saved_program

L = rb.layers
RNG = np.random.default_rng(2)
X = RNG.normal(size=(6, 4)).astype("float32")
Z = RNG.normal(size=(6, 3)).astype("float32")


def two_inputs() -> Any:
    inputs = [rb.Input((3,), name="wide"), rb.Input((4,), name="deep")]
    joined = L.Concatenate()([inputs[0], L.Dense(3, "relu")(inputs[1])])
    return rb.Model(inputs, [L.Dense(1, name="main")(joined), L.Dense(2, name="aux")(joined)])


def one_input() -> Any:
    return rb.Sequential([rb.Input((4,), name="x"), L.Dense(3, "relu"), L.Dense(2, "softmax")])


@pytest.fixture
def exported(tmp_path: Path) -> tuple[Any, str]:
    model, place = two_inputs(), str(tmp_path / "my_keras_model")
    model.export(place)
    return model, place


# -- what is in one ----------------------------------------------------------------------------


def test_what_tensorflow_reads(exported: tuple[Any, str]) -> None:
    """Read by TensorBoard's copy of TensorFlow's messages."""
    _, place = exported
    folder = Path(place)
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()) == [
        "assets.extra/rosenblatt.jax",
        "assets.extra/rosenblatt.json",
        "saved_model.pb",
        "variables/variables.data-00000-of-00001",
        "variables/variables.index",
    ]
    (content,) = wire.within((folder / "saved_model.pb").read_bytes(), 2)
    meta = meta_graph_pb2.MetaGraphDef.FromString(bytes(content))
    assert list(meta.meta_info_def.tags) == ["serve"]
    signature = meta.signature_def["serving_default"]
    assert signature.method_name == "tensorflow/serving/predict"
    takes = {name: [d.size for d in t.tensor_shape.dim] for name, t in signature.inputs.items()}
    gives = {name: [d.size for d in t.tensor_shape.dim] for name, t in signature.outputs.items()}
    assert takes == {"wide": [-1, 3], "deep": [-1, 4]}
    assert gives == {"main": [-1, 1], "aux": [-1, 2]}
    nodes = {node.name: node for node in meta.graph_def.node}
    assert {t.name.partition(":")[0] for t in signature.inputs.values()} < set(nodes)
    serve, wrapper = meta.graph_def.library.function
    (run,) = serve.node_def
    assert (run.op, list(run.attr["platforms"].list.s)) == (
        "XlaCallModule",
        [b"CPU", b"CUDA", b"ROCM", b"TPU"],
    )
    assert [a.type for a in serve.signature.input_arg] == [1, 1]
    assert b".py" not in content  # no path of the machine that it was made on
    assert nodes["StatefulPartitionedCall"].attr["f"].func.name == wrapper.signature.name
    assert wrapper.node_def[0].attr["f"].func.name == serve.signature.name
    objects = meta.object_graph_def
    assert [c.local_name for c in objects.nodes[0].children] == ["serve", "signatures"]
    assert list(objects.nodes[1].function.concrete_functions) == [serve.signature.name]
    assert set(objects.concrete_functions) == {serve.signature.name, wrapper.signature.name}
    given = objects.concrete_functions[serve.signature.name].canonicalized_input_signature
    (inputs,) = given.tuple_value.values[0].tuple_value.values
    assert [v.tensor_spec_value.name for v in inputs.list_value.values] == ["wide", "deep"]


def test_a_model_is_written_again_and_other_folders_stay(tmp_path: Path) -> None:
    model = one_input()
    model.export(tmp_path / "m")
    model.set_weights([np.zeros(w.shape) for w in model.weights])
    model.export(tmp_path / "m")
    np.testing.assert_allclose(L.TFSMLayer(tmp_path / "m")(X), 0.5)
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("kept")
    with pytest.raises(ValueError) as caught:
        model.export(tmp_path / "mine")
    assert str(caught.value) == (
        f"export: {str(tmp_path / 'mine')!r} already exists and is not a SavedModel. Fix: remove "
        "it first, or name another place."
    )
    assert (tmp_path / "mine" / "notes.txt").read_text() == "kept"


# -- as a layer --------------------------------------------------------------------------------

GIVEN: dict[str, Callable[[], Any]] = {
    "a list": lambda: [Z, X],
    "a tuple": lambda: (Z, X),
    "a dict by name": lambda: {"deep": X, "wide": Z},
    "JAX arrays": lambda: [jnp.asarray(Z), jnp.asarray(X)],
    "floats of 64 bits": lambda: [Z.astype("float64"), X.astype("float64")],
}


@pytest.mark.parametrize("endpoint", ["serve", "serving_default"])
@pytest.mark.parametrize("name", GIVEN)
def test_a_saved_model_as_a_layer(name: str, endpoint: str, exported: tuple[Any, str]) -> None:
    model, place = exported
    expected = model.predict([Z, X], verbose=0)
    layer = rb.layers.TFSMLayer(place, call_endpoint=endpoint)
    assert layer.weights == []
    found = layer(GIVEN[name]())
    if endpoint == "serving_default":
        assert sorted(found) == ["aux", "main"]
        found = [found["main"], found["aux"]]
    assert isinstance(found, list)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)


def test_one_input_in_a_sequential_model_that_is_saved(tmp_path: Path) -> None:
    model = one_input()
    model.export(tmp_path / "m")
    expected = model.predict(X, verbose=0)
    chain = rb.Sequential([rb.Input((4,)), L.TFSMLayer(str(tmp_path / "m")), L.Dense(2)])
    chain.layers[-1].set_weights([np.eye(2), np.zeros(2)])
    assert chain.output_shape == (None, 2)
    np.testing.assert_allclose(chain.predict(X, verbose=0), expected, rtol=1e-6, atol=1e-6)
    chain.save(tmp_path / "chain.keras")
    with pytest.raises(ValueError) as caught:
        rb.models.load_model(tmp_path / "chain.keras")
    assert str(caught.value).endswith(
        f"Layer 'tfsm_layer' (TFSMLayer) names another file. Given: {str(tmp_path / 'm')!r}. Fix: "
        "if you trust both files, `load_model(path, safe_mode=False)`."
    )
    again = rb.models.load_model(tmp_path / "chain.keras", safe_mode=False)
    np.testing.assert_array_equal(again.predict(X, verbose=0), chain.predict(X, verbose=0))


def test_what_comes_after_it_is_trained(tmp_path: Path) -> None:
    model = one_input()
    model.export(tmp_path / "m")
    features = L.TFSMLayer(tmp_path / "m")
    chain = rb.Sequential([rb.Input((4,)), features, L.Dense(1)])
    chain.compile(rb.optimizers.SGD(0.1), "mse")
    losses = chain.fit(X, Z[:, :1], epochs=30, verbose=0).history["loss"]
    assert losses[-1] < 0.9 * losses[0]
    np.testing.assert_allclose(features(X), model(X), rtol=1e-6, atol=1e-6)
    before = rb.Sequential([rb.Input((4,)), L.Dense(4), features])
    before.compile("sgd", "mse")
    with pytest.raises(ValueError) as caught:
        before.fit(X, X[:, :2], verbose=0)
    assert "Layer 'tfsm_layer' (TFSMLayer) has no gradient: an exported program only" in str(
        caught.value
    )


def test_two_exports_at_one_place_are_two_programs(tmp_path: Path) -> None:
    """Layers of one config may hold two programs: whoever keeps programs must see that."""
    model, predictions = one_input(), []
    for factor in (1, 0):
        model.set_weights([w.numpy() * factor for w in model.weights])
        model.export(tmp_path / "m")
        chain = rb.Sequential([rb.Input((4,)), L.TFSMLayer(tmp_path / "m")])
        predictions.append(chain.predict(X, verbose=0))
    np.testing.assert_allclose(predictions[1], 0.5)
    assert np.ptp(predictions[0]) > 0.01
    wider = rb.Sequential([rb.Input((4,)), L.Dense(5)])
    wider.export(tmp_path / "m")
    assert rb.Sequential([rb.Input((4,)), L.TFSMLayer(tmp_path / "m")]).output_shape == (None, 5)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["deepcopy", "pickle"]
)
def test_copies_need_no_folder(copied: Any, exported: tuple[Any, str]) -> None:
    model, place = exported
    layer = L.TFSMLayer(place)
    shutil.rmtree(place)
    for one, other in zip(copied(layer)([Z, X]), model([Z, X]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)


def test_the_config_equals_keras(exported: tuple[Any, str]) -> None:
    config = L.TFSMLayer(exported[1], name="served").get_config()
    assert {k: v for k, v in config.items() if k != "dtype"} == {
        "name": "served",
        "trainable": True,
        "filepath": exported[1],
        "call_endpoint": "serve",
        "call_training_endpoint": None,
    }


# -- damaged and hostile ones ------------------------------------------------------------------


def folder_with(tmp_path: Path, **files: Any) -> str:
    """A SavedModel with some of its files replaced."""
    place = tmp_path / "m"
    one_input().export(place)
    paths = {"proto": saved_program.PROTO, "head": saved_program.HEAD, "names": saved_program.NAMES}
    for name, content in files.items():
        path = place / paths[name]
        path.unlink()
        if content is not None:
            path.write_bytes(content)
    return str(place)


def with_checksum(place: str, code: bytes, inputs: tuple[str, ...] = ("x",)) -> None:
    """Write the names as someone would who changed the program on purpose."""
    names = saved_program.Names(("inputs",), inputs, ("output_0",))
    head = (Path(place) / saved_program.HEAD).read_bytes()
    content = saved_program.names_file(names, head, code)
    (Path(place) / saved_program.NAMES).write_bytes(content)


def program_calling(target: str) -> bytes:
    """StableHLO that calls a function of this process by its name."""
    spec = jax.ShapeDtypeStruct((6, 4), jnp.float32)
    unchecked = [jax_export.DisabledSafetyCheck.custom_call(target)]
    function = jax.jit(jax.ffi.ffi_call(target, spec))
    return jax_export.export(function, disabled_checks=unchecked)(spec).mlir_module_serialized


def proto_with(code: bytes) -> bytes:
    attributes = wire.entries(5, {"module": wire.message((2, code))})
    node = wire.message((1, "XlaCallModule"), (2, "XlaCallModule"), *attributes)
    library = wire.message((2, wire.message((1, wire.message((3, node))))))
    return wire.message((1, 1), (2, wire.message((2, library))))


@pytest.mark.parametrize(
    "target", ["xla_ffi_python_cpu_callback", "xla_python_cpu_callback", "lapack_sgetrf_ffi"]
)
def test_a_program_that_calls_more_than_arithmetic_is_refused(target: str, tmp_path: Path) -> None:
    code = program_calling(target)
    place = folder_with(tmp_path, proto=proto_with(code))
    with_checksum(place, code)
    with pytest.raises(ValueError) as caught:
        L.TFSMLayer(place)
    assert str(caught.value) == (
        f"The SavedModel {place!r} calls {target!r}, which is more than arithmetic. Fix: if you "
        "trust the file, `config.enable_unsafe_deserialization()` first."
    )


DAMAGED: dict[str, dict[str, Any]] = {
    "no proto": {"proto": None},
    "an empty proto": {"proto": b""},
    "text for a proto": {"proto": b"text" * 9},
    "another program": {"proto": proto_with(b"MLIR")},
    "of TensorFlow": {"head": None},
    "an empty head": {"head": b""},
    "zeros for a head": {"head": bytes(400)},
    "a large head": {"head": bytes((1 << 20) + 1)},
    "no JSON": {"names": b"{"},
    "other JSON": {"names": b"[1]"},
    "deep JSON": {"names": b"[" * 100_000},
    "names of numbers": {
        "names": b'{"arguments": [1], "inputs": [1], "outputs": [1], "sha256": ""}'
    },
    "another checksum": {
        "names": b'{"arguments": [], "inputs": [], "outputs": [], "sha256": ""}'
    },
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_ones_are_refused_in_our_words(name: str, tmp_path: Path) -> None:
    place = folder_with(tmp_path, **DAMAGED[name])
    kind = FileNotFoundError if name == "no proto" else FileRefused
    with pytest.raises(kind) as caught:
        L.TFSMLayer(place)
    begin = {"no proto": "There is no SavedModel at ", "of TensorFlow": "The SavedModel "}
    assert str(caught.value).startswith(
        begin.get(name, f"The SavedModel {place!r} cannot be read.")
    )
    assert type(caught.value) is kind


def test_other_names_than_the_program_has_are_refused(tmp_path: Path) -> None:
    place = folder_with(tmp_path, proto=proto_with(code := program_calling("shape_assertion")))
    with_checksum(place, code, inputs=("x", "y"))
    with pytest.raises(ValueError) as caught:
        L.TFSMLayer(place)
    assert str(caught.value) == (
        f"The SavedModel {place!r} cannot be read. Given: the names do not fit the program. Fix: "
        "it is damaged, or was written with a much older or newer JAX: export it again."
    )


@pytest.mark.parametrize("file", [saved_program.PROTO, saved_program.HEAD, saved_program.NAMES])
def test_changed_bytes_are_refused_or_change_nothing(file: str, tmp_path: Path) -> None:
    path = Path(folder_with(tmp_path)) / file
    content, rng = path.read_bytes(), np.random.default_rng(3)
    expected = np.asarray(L.TFSMLayer(tmp_path / "m")(X))
    refused: list[str] = []
    for _ in range(100):
        changed = bytearray(content)
        for at in rng.integers(0, len(content), 3):
            changed[at] = rng.integers(256)
        path.write_bytes(changed)
        try:
            np.testing.assert_array_equal(L.TFSMLayer(tmp_path / "m")(X), expected)
        except ValueError as error:
            refused.append(str(error))
    assert len(refused) > 30
    assert all("cannot be read." in text for text in refused)


# -- messages ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("models")
    inputs = {"a": rb.Input((4,), name="a"), "b": rb.Input((3,), name="b")}
    made = {
        "two": two_inputs(),
        "one": one_input(),
        "named": rb.Model(inputs, L.Concatenate()(list(inputs.values()))),
    }
    for name, model in made.items():
        model.export(folder / name)
    return {name: str(folder / name) for name in made}


def cases(places: dict[str, str]) -> dict[str, Case]:
    two, one, named = (L.TFSMLayer(places[name], name=name) for name in ("two", "one", "named"))
    return {
        "no such folder": (FileNotFoundError, lambda: L.TFSMLayer("nowhere")),
        "endpoint": (UnknownName, lambda: L.TFSMLayer("m", call_endpoint="serv")),
        "number of inputs": (BadData, lambda: two([Z])),
        "one array for two": (BadData, lambda: two(Z)),
        "two arrays for one": (BadData, lambda: one((X, X))),
        "unknown name": (BadData, lambda: two({"wide": Z, "depp": X})),
        "a list for a dict": (BadData, lambda: named([X, Z])),
        "shape": (BadData, lambda: one(Z)),
        "argument": (BadData, lambda: one(X, mask=X)),
        "symbolic shape": (BadData, lambda: one(rb.Input((3,)))),
    }


TEXTS = texts_beside(__file__)


@pytest.mark.parametrize("case", TEXTS)
def test_message(case: str, places: dict[str, str]) -> None:
    made = cases(places)
    assert list(made) == list(TEXTS)
    check_message(made[case], TEXTS[case])
