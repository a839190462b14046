"""Mistakes with models, training, callbacks and files, each written once for both libraries."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from mistakes_in_parts import Table, ones

X, Y = ones(4, 3), ones(4, 1)


def sequential(k: Any, **compile_args: Any) -> Any:
    """A model of 3 inputs and one output, compiled unless nothing is said."""
    model = k.Sequential([k.Input((3,)), k.layers.Dense(1)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **compile_args})
    return model


def two_inputs(k: Any) -> Any:
    """A functional model whose inputs are a dict of `a` and `b`."""
    a, b = k.Input((3,), name="a"), k.Input((2,), name="b")
    model = k.Model({"a": a, "b": b}, k.layers.Dense(1)(k.layers.Concatenate()([a, b])))
    model.compile("sgd", "mse")
    return model


def listed_inputs(k: Any) -> Any:
    """The same with a list of inputs."""
    a, b = k.Input((3,), name="a"), k.Input((2,), name="b")
    model = k.Model([a, b], k.layers.Dense(1)(k.layers.Concatenate()([a, b])))
    model.compile("sgd", "mse")
    return model


def two_outputs(k: Any, **compile_args: Any) -> Any:
    """A model with the outputs `u` and `v`, trained for a step on data that fit."""
    x = k.Input((3,))
    model = k.Model(x, [k.layers.Dense(1, name="u")(x), k.layers.Dense(1, name="v")(x)])
    model.compile(**{"optimizer": "sgd", **compile_args})
    model.fit(X, [Y, Y], verbose=0)
    return model


def dict_outputs(k: Any, **compile_args: Any) -> Any:
    """The same with a dict of outputs."""
    x = k.Input((3,))
    model = k.Model(x, {"u": k.layers.Dense(1)(x), "v": k.layers.Dense(1)(x)})
    model.compile(**{"optimizer": "sgd", **compile_args})
    model.fit(X, {"u": Y, "v": Y}, verbose=0)
    return model


def fit(k: Any, *args: Any, **kwargs: Any) -> Any:
    """A step of training."""
    model = sequential(k)
    return model.fit(*(args or (X, Y)), **{"verbose": 0, **kwargs})


def watched(k: Any, *callbacks: Any, **kwargs: Any) -> Any:
    """A step of training with callbacks."""
    return fit(k, callbacks=list(callbacks), **kwargs)


def folder(name: str) -> str:
    """A path in a new folder."""
    return str(Path(tempfile.mkdtemp()) / name)


def written(name: str, content: bytes) -> str:
    """The path of a new file."""
    path = folder(name)
    Path(path).write_bytes(content)
    return path


def archive(config: Any, **members: bytes) -> str:
    """The path of a `.keras` file that holds a config."""
    path = folder("m.keras")
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
        file.writestr("metadata.json", '{"keras_version": "3.15.0"}')
        for name, content in members.items():
            file.writestr(name, content)
    return path


def saved(model: Any, name: str) -> str:
    """The path of a model's new file."""
    path = folder(name)
    model.save_weights(path) if name.endswith(".weights.h5") else model.save(path)
    return path


def unbuilt(k: Any) -> Any:
    """A Sequential that knows no input."""
    return k.Sequential([k.layers.Dense(1)])


def subclassed(k: Any) -> type:
    """A user's model that takes what it is told in no config."""

    class Mine(k.Model):  # type: ignore[misc]
        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.dense = k.layers.Dense(units)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    return Mine


def configured(k: Any, change: Callable[[dict[str, Any]], Any]) -> Any:
    """A functional model from its config after a change."""
    x = k.Input((3,), name="x")
    config = k.Model(x, k.layers.Dense(1, name="d")(x)).get_config()
    config = json.loads(json.dumps(config))
    change(config)
    return k.Model.from_config(config)


def batches(*values: Any) -> Iterator[Any]:
    """A generator."""
    yield from values


def dataset(k: Any, make: Callable[[int], Any], **options: Any) -> Any:
    """A PyDataset of four batches."""

    class Rows(k.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> Any:
            return make(index)

    return Rows(**options)


def silent_dataset(k: Any) -> Any:
    """A PyDataset that forgets `super().__init__()`."""

    class Forgets(k.utils.PyDataset):  # type: ignore[misc]
        def __init__(self) -> None:
            pass

        def __len__(self) -> int:
            return 1

        def __getitem__(self, index: int) -> Any:
            return X, Y

    return Forgets()


MODELS: Table = {
    "Sequential of a number": lambda k: k.Sequential([3]),
    "Sequential that is a number": lambda k: k.Sequential(3),
    "add of a number": lambda k: k.Sequential().add(3),
    "add of a name twice": lambda k: k.Sequential(
        [k.layers.Dense(1, name="d"), k.layers.Dense(1, name="d")]
    ),
    "add of two inputs": lambda k: k.Sequential([k.Input((3,)), k.Input((3,))]),
    "pop of nothing": lambda k: k.Sequential().pop(),
    "build of an empty Sequential": lambda k: k.Sequential().build((None, 3)),
    "call of an empty Sequential": lambda k: k.Sequential()(X),
    "build for another shape": lambda k: sequential(k).build((None, 5)),
    "build for a number": lambda k: unbuilt(k).build(3),
    "inputs of an unbuilt Sequential": lambda k: unbuilt(k).inputs,
    "outputs of an unbuilt Sequential": lambda k: unbuilt(k).outputs,
    "input_shape of an unbuilt Sequential": lambda k: unbuilt(k).input_shape,
    "output_shape of an unbuilt Sequential": lambda k: unbuilt(k).output_shape,
    "input of an unbuilt Sequential": lambda k: unbuilt(k).input,
    "layers set, Sequential": lambda k: setattr(sequential(k), "layers", []),
    "layers set, functional": lambda k: setattr(two_inputs(k), "layers", []),
    "layers set, subclass": lambda k: setattr(subclassed(k)(1), "layers", []),
    "get_layer of both": lambda k: sequential(k).get_layer("a", 1),
    "get_layer of none": lambda k: sequential(k).get_layer(),
    "get_layer of an unknown name": lambda k: sequential(k).get_layer("a"),
    "get_layer of an index outside": lambda k: sequential(k).get_layer(index=7),
    "functional of a number": lambda k: k.Model(3, 4),
    "functional of a layer": lambda k: k.Model(k.layers.Dense(2), k.layers.Dense(2)),
    "functional of arrays": lambda k: k.Model(X, Y),
    "functional, output that depends on no input": lambda k: k.Model(
        k.Input((3,)), k.layers.Dense(1)(k.Input((3,)))
    ),
    "functional, no inputs": lambda k: k.Model([], k.layers.Dense(1)(k.Input((3,)))),
    "functional, no outputs": lambda k: k.Model(k.Input((3,)), []),
    "functional, output an array": lambda k: k.Model(k.Input((3,)), Y),
    "functional, two layers of a name": lambda k: [
        x := k.Input((3,)),
        k.Model(x, k.layers.Dense(1, name="d")(k.layers.Dense(1, name="d")(x))),
    ],
    "functional, dict with other names": lambda k: [
        x := k.Input((3,), name="a"),
        k.Model({"b": x}, k.layers.Dense(1)(x)),
    ],
    "functional, unknown argument": lambda k: [
        x := k.Input((3,)),
        k.Model(x, k.layers.Dense(1)(x), units=3),
    ],
    "functional, trainable": lambda k: [
        x := k.Input((3,)),
        k.Model(x, k.layers.Dense(1)(x), trainable="no"),
    ],
    "call, another last axis": lambda k: sequential(k)(ones(4, 5)),
    "call, another rank": lambda k: sequential(k)(ones(4, 3, 3)),
    "call, rank 0": lambda k: sequential(k)(3.0),
    "call, functional, last axis": lambda k: two_inputs(k)({"a": ones(4, 3), "b": ones(4, 9)}),
    "call, functional, rank": lambda k: two_inputs(k)({"a": ones(4, 3), "b": ones(4, 2, 2, 2)}),
    "call, a missing key": lambda k: two_inputs(k)({"a": ones(4, 3)}),
    "call, an extra key": lambda k: two_inputs(k)(
        {"a": ones(4, 3), "b": ones(4, 2), "c": ones(4, 2)}
    ),
    "call, another key": lambda k: two_inputs(k)({"a": ones(4, 3), "d": ones(4, 2)}),
    "call, a list for a dict": lambda k: two_inputs(k)([ones(4, 3), ones(4, 2)]),
    "call, a dict for a list": lambda k: listed_inputs(k)({"a": ones(4, 3), "b": ones(4, 2)}),
    "call, a dict of other names for a list": lambda k: listed_inputs(k)(
        {"c": ones(4, 3), "d": ones(4, 2)}
    ),
    "call, an extra key for a list": lambda k: listed_inputs(k)(
        {"a": ones(4, 3), "b": ones(4, 2), "c": ones(4, 2)}
    ),
    "call, one of two": lambda k: listed_inputs(k)([ones(4, 3)]),
    "call, three of two": lambda k: listed_inputs(k)([ones(4, 3), ones(4, 2), ones(4, 2)]),
    "call, one array for two": lambda k: listed_inputs(k)(ones(4, 3)),
    "call, None for one of two": lambda k: listed_inputs(k)([ones(4, 3), None]),
    "call, a tuple for a list": lambda k: listed_inputs(k)((ones(4, 3), ones(4, 2))),
    "fit, a missing key": lambda k: two_inputs(k).fit({"a": ones(4, 3)}, Y, verbose=0),
    "fit, an extra key": lambda k: two_inputs(k).fit(
        {"a": ones(4, 3), "b": ones(4, 2), "c": ones(4, 2)}, Y, verbose=0
    ),
    "predict, an extra key": lambda k: two_inputs(k).predict(
        {"a": ones(4, 3), "b": ones(4, 2), "c": ones(4, 2)}, verbose=0
    ),
    "fit, an extra key for a list": lambda k: listed_inputs(k).fit(
        {"a": ones(4, 3), "b": ones(4, 2), "c": ones(4, 2)}, Y, verbose=0
    ),
    "fit, one of two": lambda k: listed_inputs(k).fit([ones(4, 3)], Y, verbose=0),
    "fit, three of two": lambda k: listed_inputs(k).fit(
        [ones(4, 3), ones(4, 2), ones(4, 2)], Y, verbose=0
    ),
    "fit, a tuple for a list": lambda k: listed_inputs(k).fit(
        (ones(4, 3), ones(4, 2)), Y, verbose=0
    ),
    "predict, another last axis": lambda k: sequential(k).predict(ones(4, 5), verbose=0),
    "predict, another rank": lambda k: sequential(k).predict(ones(4, 3, 3), verbose=0),
    "subclass without call": lambda k: type("Empty", (k.Model,), {})()(X),
    "subclass without super().__init__": lambda k: type(
        "Forgets", (k.Model,), {"__init__": lambda self: setattr(self, "d", k.layers.Dense(1))}
    )(),
    "subclass, config": lambda k: subclassed(k).from_config({"unit": 3}),
    "subclass, weights before build": lambda k: subclassed(k)(1).save_weights(
        folder("a.weights.h5")
    ),
    "clone of a number": lambda k: k.models.clone_model(3),
    "clone, unknown argument": lambda k: k.models.clone_model(sequential(k), clone=1),
    "clone, call_function of a Sequential": lambda k: k.models.clone_model(
        sequential(k), call_function=lambda layer, *a, **b: layer(*a, **b)
    ),
    "clone, function that is none": lambda k: k.models.clone_model(
        sequential(k), clone_function=3
    ),
    "clone, functional, function that is none": lambda k: k.models.clone_model(
        two_inputs(k), clone_function=3
    ),
    "clone, two tensors": lambda k: k.models.clone_model(
        sequential(k), input_tensors=[k.Input((3,)), k.Input((3,))]
    ),
    "clone, an array": lambda k: k.models.clone_model(sequential(k), input_tensors=X),
    "clone, functional, arrays": lambda k: k.models.clone_model(
        listed_inputs(k), input_tensors=[X, X]
    ),
    "clone, functional, one of two": lambda k: k.models.clone_model(
        listed_inputs(k), input_tensors=[k.Input((3,))]
    ),
    "clone, subclass with a function": lambda k: k.models.clone_model(
        subclassed(k)(1), clone_function=lambda layer: layer
    ),
    "summary of an unbuilt model": lambda k: k.Sequential([k.layers.Dense(1)]).summary(
        layer_range=("a",)
    ),
    "summary, layer_range": lambda k: sequential(k).summary(layer_range=("a",)),
    "summary, layer_range of numbers": lambda k: sequential(k).summary(layer_range=(1, 2)),
    "summary, unknown layers": lambda k: sequential(k).summary(layer_range=("a", "b")),
    "export, format": lambda k: sequential(k).export(folder("x"), format="pickle"),
    "export, unbuilt": lambda k: unbuilt(k).export(folder("x"), format="onnx"),
    "set_weights of another number": lambda k: sequential(k).set_weights([ones(3, 1)]),
    "set_weights of another shape": lambda k: sequential(k).set_weights([ones(2, 1), ones(1)]),
    "count_params of an unbuilt model": lambda k: unbuilt(k).count_params(),
    "quantize": lambda k: sequential(k).quantize("int9"),
    "plot_model of an unbuilt model": lambda k: k.utils.plot_model(unbuilt(k), folder("a.png")),
    "plot_model, layer_range": lambda k: k.utils.plot_model(
        sequential(k), folder("a.png"), layer_range=("a", "b")
    ),
    "plot_model, unknown argument": lambda k: k.utils.plot_model(
        sequential(k), folder("a.png"), shapes=True
    ),
}  # fmt: skip

TRAINING: Table = {
    "fit before compile": lambda k: k.Sequential([k.Input((3,)), k.layers.Dense(1)]).fit(X, Y),
    "evaluate before compile": lambda k: k.Sequential([k.Input((3,)), k.layers.Dense(1)]).evaluate(
        X, Y
    ),
    "train_on_batch before compile": lambda k: k.Sequential(
        [k.Input((3,)), k.layers.Dense(1)]
    ).train_on_batch(X, Y),
    "test_on_batch before compile": lambda k: k.Sequential(
        [k.Input((3,)), k.layers.Dense(1)]
    ).test_on_batch(X, Y),
    "compile, unknown optimizer": lambda k: sequential(k, optimizer="addam"),
    "compile, optimizer a number": lambda k: sequential(k, optimizer=3),
    "compile, unknown loss": lambda k: sequential(k, loss="mee").fit(X, Y, verbose=0),
    "compile, loss a number": lambda k: sequential(k, loss=3).fit(X, Y, verbose=0),
    "compile, unknown metric": lambda k: sequential(k, metrics=["mee"]).fit(X, Y, verbose=0),
    "compile, metrics a word": lambda k: sequential(k, metrics="mae"),
    "compile, metrics a number": lambda k: sequential(k, metrics=3),
    "compile, a number among metrics": lambda k: sequential(k, metrics=[3]).fit(X, Y, verbose=0),
    "compile, None among metrics": lambda k: sequential(k, metrics=[None]).fit(X, Y, verbose=0),
    "compile, weighted metrics a word": lambda k: sequential(k, weighted_metrics="mae"),
    "compile, loss_weights text": lambda k: sequential(k, loss_weights="a"),
    "compile, loss_weights an int": lambda k: sequential(k, loss_weights=2),
    "compile, jit and eager": lambda k: sequential(k, jit_compile=True, run_eagerly=True),
    "compile, unknown argument": lambda k: sequential(k, losses="mse"),
    "compile, steps_per_execution text": lambda k: sequential(k, steps_per_execution="a").fit(
        X, Y, verbose=0
    ),
    "loss of an unknown output": lambda k: two_outputs(k, loss={"u": "mse", "w": "mse"}),
    "loss of one of two by name": lambda k: two_outputs(k, loss={"u": "mse"}),
    "three losses for two": lambda k: two_outputs(k, loss=["mse", "mse", "mse"]),
    "a list of losses for one": lambda k: sequential(k, loss=["mse", "mae"]).fit(X, Y, verbose=0),
    "dict outputs, unknown loss": lambda k: dict_outputs(k, loss={"u": "mse", "w": "mse"}),
    "dict outputs, losses in a list": lambda k: dict_outputs(k, loss=["mse", "mse"]),
    "metrics of an unknown output": lambda k: two_outputs(k, loss="mse", metrics={"w": "mae"}),
    "metrics of three for two": lambda k: two_outputs(
        k, loss="mse", metrics=[["mae"], ["mae"], ["mae"]]
    ),
    "metrics of two, flat": lambda k: two_outputs(k, loss="mse", metrics=["mae"]),
    "three loss weights for two": lambda k: two_outputs(
        k, loss="mse", loss_weights=[1.0, 1.0, 1.0]
    ),
    "loss weights of an unknown output": lambda k: two_outputs(
        k, loss={"u": "mse", "v": "mse"}, loss_weights={"w": 1.0}
    ),
    "no loss": lambda k: sequential(k, loss=None).fit(X, Y, verbose=0),
    "compute_loss without losses": lambda k: sequential(k, loss=None).compute_loss(X, Y, Y),
    "get_metrics_result before training": lambda k: sequential(k).get_metrics_result(),
    "x and y of other lengths": lambda k: fit(k, X, ones(5, 1)),
    "weights of another length": lambda k: fit(k, sample_weight=ones(5)),
    "two inputs of other lengths": lambda k: listed_inputs(k).fit([ones(4, 3), ones(5, 2)], Y),
    "x is a number": lambda k: fit(k, 3, Y),
    "x is text": lambda k: fit(k, "x", "y"),
    "x is None": lambda k: fit(k, None, None),
    "y is missing": lambda k: fit(k, X),
    "y without rows": lambda k: fit(k, X[:0], Y[:0]),
    "x of objects": lambda k: fit(k, np.array([[object()] * 3] * 4), Y),
    "y of other columns": lambda k: fit(k, X, ones(4, 2)),
    "epochs text": lambda k: fit(k, epochs="3"),
    "batch_size 0": lambda k: fit(k, batch_size=0),
    "batch_size negative": lambda k: fit(k, batch_size=-1),
    "batch_size text": lambda k: fit(k, batch_size="3"),
    "batch_size float": lambda k: fit(k, batch_size=2.5),
    "steps_per_epoch 0": lambda k: fit(k, steps_per_epoch=0),
    "steps_per_epoch negative": lambda k: fit(k, steps_per_epoch=-1),
    "validation_split 1": lambda k: fit(k, validation_split=1.0),
    "validation_split 2": lambda k: fit(k, validation_split=2.0),
    "validation_split negative": lambda k: fit(k, validation_split=-0.5),
    "validation_split too small": lambda k: fit(k, validation_split=0.01),
    "validation_split of a generator": lambda k: fit(k, batches((X, Y)), validation_split=0.5),
    "validation_split of a data set": lambda k: fit(
        k, dataset(k, lambda i: (X, Y)), validation_split=0.5
    ),
    "validation_data of four": lambda k: fit(k, validation_data=(X, Y, ones(4), ones(4))),
    "validation_data a number": lambda k: fit(k, validation_data=3),
    "validation_data, lengths": lambda k: fit(k, validation_data=(X, ones(5, 1))),
    "validation_freq text": lambda k: fit(k, validation_data=(X, Y), validation_freq="a"),
    "validation_freq float": lambda k: fit(k, validation_data=(X, Y), validation_freq=1.5),
    "initial_epoch text": lambda k: fit(k, initial_epoch="a"),
    "class_weight and two outputs": lambda k: [
        x := k.Input((3,)),
        m := k.Model(x, [k.layers.Dense(1)(x), k.layers.Dense(1)(x)]),
        m.compile("sgd", "mse"),
        m.fit(X, [Y, Y], class_weight={0: 1.0, 1: 2.0}, verbose=0),
    ],
    "class_weight a list": lambda k: fit(k, class_weight=[1, 2]),
    "class_weight of text": lambda k: fit(k, class_weight={"a": 1.0}),
    "sample_weight of another structure": lambda k: listed_inputs(k).fit(
        [ones(4, 3), ones(4, 2)], Y, sample_weight={"a": ones(4)}, verbose=0
    ),
    "class_weight in train_on_batch twice": lambda k: sequential(k).train_on_batch(
        X, Y, sample_weight=ones(4), class_weight={0: 1.0, 1: 2.0}
    ),
    "y beside a generator": lambda k: fit(k, batches((X, Y)), Y),
    "weights beside a generator": lambda k: fit(k, batches((X, Y)), sample_weight=ones(4)),
    "y beside a data set": lambda k: fit(k, dataset(k, lambda i: (X, Y)), Y),
    "weights beside a data set": lambda k: fit(
        k, dataset(k, lambda i: (X, Y)), sample_weight=ones(4)
    ),
    "an empty generator": lambda k: fit(k, batches()),
    "a generator of arrays": lambda k: fit(k, batches(X)),
    "a generator of lists": lambda k: fit(k, batches([X, Y])),
    "a generator of four": lambda k: fit(k, batches((X, Y, ones(4), ones(4)))),
    "a generator of numbers": lambda k: fit(k, batches(3)),
    "a generator that is shuffled": lambda k: fit(k, batches((X, Y)), shuffle=True),
    "a data set of lists": lambda k: fit(k, dataset(k, lambda i: [X, Y])),
    "a data set of four": lambda k: fit(k, dataset(k, lambda i: (X, Y, ones(4), ones(4)))),
    "class_weight beside weights of a data set": lambda k: fit(
        k, dataset(k, lambda i: (X, Y, ones(4))), class_weight={0: 1.0, 1: 2.0}
    ),
    "class_weight beside weights of a generator": lambda k: fit(
        k, batches((X, Y, ones(4))), class_weight={0: 1.0, 1: 2.0}
    ),
    "a data set without super().__init__": lambda k: fit(k, silent_dataset(k)),
    "a generator that ends early": lambda k: fit(
        k, batches((X, Y)), steps_per_epoch=3, epochs=2
    ),
    "evaluate, unknown argument": lambda k: sequential(k).evaluate(X, Y, epochs=3),
    "evaluate, lengths": lambda k: sequential(k).evaluate(X, ones(5, 1), verbose=0),
    "evaluate, batch_size 0": lambda k: sequential(k).evaluate(X, Y, batch_size=0, verbose=0),
    "evaluate of nothing": lambda k: sequential(k).evaluate(verbose=0),
    "predict of a number": lambda k: sequential(k).predict(3, verbose=0),
    "predict of nothing": lambda k: sequential(k).predict(X[:0], verbose=0),
    "predict, batch_size 0": lambda k: sequential(k).predict(X, batch_size=0, verbose=0),
    "predict of None": lambda k: sequential(k).predict(None, verbose=0),
    "unpack of four": lambda k: k.utils.unpack_x_y_sample_weight((1, 2, 3, 4)),
    "training of an unbuilt model by a number": lambda k: [
        m := unbuilt(k), m.compile("sgd", "mse"), m.fit(3, 3)
    ],
    "verbose text": lambda k: fit(k, verbose="loud"),
    "callbacks a number": lambda k: fit(k, callbacks=3),
    "a number among callbacks": lambda k: fit(k, callbacks=[3]),
    "callback that is a class": lambda k: fit(k, callbacks=[k.callbacks.History]),
    "compile_from_config": lambda k: sequential(k).compile_from_config({"optimizer": "addam"}),
    "save_weights in compile": lambda k: sequential(k, sample_weight_mode="temporal"),
    "a trained layer was frozen": lambda k: [
        m := sequential(k), setattr(m.layers[0], "trainable", False), m.fit(X, Y, verbose=0)
    ],
}  # fmt: skip

CALLBACKS: Table = {
    "EarlyStopping, mode": lambda k: k.callbacks.EarlyStopping(mode="least"),
    "EarlyStopping, unknown monitor": lambda k: watched(k, k.callbacks.EarlyStopping("val_acc")),
    "EarlyStopping, no direction": lambda k: watched(
        k, k.callbacks.EarlyStopping("something"), epochs=2
    ),
    "EarlyStopping, no validation data": lambda k: watched(k, k.callbacks.EarlyStopping()),
    "ModelCheckpoint, mode": lambda k: k.callbacks.ModelCheckpoint(folder("m.keras"), mode="least"),
    "ModelCheckpoint, save_freq": lambda k: k.callbacks.ModelCheckpoint(
        folder("m.keras"), save_freq="batch"
    ),
    "ModelCheckpoint, save_freq float": lambda k: k.callbacks.ModelCheckpoint(
        folder("m.keras"), save_freq=1.5
    ),
    "ModelCheckpoint, ending": lambda k: k.callbacks.ModelCheckpoint(folder("m.txt")),
    "ModelCheckpoint, ending of weights": lambda k: k.callbacks.ModelCheckpoint(
        folder("m.keras"), save_weights_only=True
    ),
    "ModelCheckpoint, unknown monitor": lambda k: watched(
        k, k.callbacks.ModelCheckpoint(folder("m.keras"), "val_acc", save_best_only=True)
    ),
    "ModelCheckpoint, unknown key in the path": lambda k: watched(
        k, k.callbacks.ModelCheckpoint(folder("m-{val_acc:.2f}.keras"))
    ),
    "ModelCheckpoint, a folder": lambda k: [
        path := folder("m.keras"), Path(path).mkdir(),
        watched(k, k.callbacks.ModelCheckpoint(path)),
    ],
    "ModelCheckpoint, unknown argument": lambda k: k.callbacks.ModelCheckpoint(
        folder("m.keras"), period=3
    ),
    "BackupAndRestore, no folder": lambda k: k.callbacks.BackupAndRestore(""),
    "BackupAndRestore, None": lambda k: k.callbacks.BackupAndRestore(None),
    "BackupAndRestore, save_freq": lambda k: k.callbacks.BackupAndRestore(
        folder("b"), save_freq="batch"
    ),
    "ReduceLROnPlateau, factor": lambda k: k.callbacks.ReduceLROnPlateau(factor=1.5),
    "ReduceLROnPlateau, factor 1": lambda k: k.callbacks.ReduceLROnPlateau(factor=1.0),
    "ReduceLROnPlateau, mode": lambda k: k.callbacks.ReduceLROnPlateau(mode="least"),
    "ReduceLROnPlateau, unknown monitor": lambda k: watched(
        k, k.callbacks.ReduceLROnPlateau("val_acc")
    ),
    "LearningRateScheduler, text": lambda k: watched(
        k, k.callbacks.LearningRateScheduler(lambda epoch: "fast")
    ),
    "LearningRateScheduler, None": lambda k: watched(
        k, k.callbacks.LearningRateScheduler(lambda epoch, rate: None)
    ),
    "LearningRateScheduler of a number": lambda k: watched(
        k, k.callbacks.LearningRateScheduler(3)
    ),
    "SwapEMAWeights without EMA": lambda k: watched(k, k.callbacks.SwapEMAWeights()),
    "TerminateOnNaN": lambda k: fit(
        k, X * 1e30, Y, callbacks=[k.callbacks.TerminateOnNaN(raise_error=True)], epochs=3
    ),
    "TensorBoard, profile": lambda k: watched(
        k, k.callbacks.TensorBoard(folder("t"), profile_batch=(5, 2))
    ),
    "TensorBoard, profile text": lambda k: watched(
        k, k.callbacks.TensorBoard(folder("t"), profile_batch="a")
    ),
    "LambdaCallback, unknown hook": lambda k: k.callbacks.LambdaCallback(on_epoch=3),
    "LambdaCallback of a number": lambda k: watched(k, k.callbacks.LambdaCallback(on_epoch_end=3)),
    "CSVLogger of a number": lambda k: watched(k, k.callbacks.CSVLogger(3.5)),
    "ProgbarLogger": lambda k: k.callbacks.ProgbarLogger("steps", 3, 4),
    "CallbackList of numbers": lambda k: k.callbacks.CallbackList([3], model=sequential(k)),
}  # fmt: skip

FILES: Table = {
    "save, ending": lambda k: sequential(k).save(folder("m.txt")),
    "save, no ending": lambda k: sequential(k).save(folder("m")),
    "save, unknown argument": lambda k: sequential(k).save(folder("m.keras"), compress=3),
    "save, save_format": lambda k: sequential(k).save(folder("m.keras"), save_format="keras"),
    "save, save_format of an unknown ending": lambda k: sequential(k).save(
        folder("m"), save_format="tf"
    ),
    "save, not zipped": lambda k: sequential(k).save(folder("m.keras"), zipped=False),
    "save, zipped": lambda k: sequential(k).save(folder("m"), zipped=True),
    "save as .h5": lambda k: sequential(k).save(folder("m.h5")),
    "save as .hdf5": lambda k: sequential(k).save(folder("m.hdf5")),
    "save as .h5, unknown argument": lambda k: sequential(k).save(folder("m.h5"), compress=3),
    "save of an unbuilt model": lambda k: unbuilt(k).save(folder("m.keras")),
    "save of a lambda": lambda k: k.Sequential(
        [k.Input((3,)), k.layers.Lambda(lambda x: x)]
    ).save(folder("m.keras")),
    "save in a folder that is missing": lambda k: sequential(k).save("/no/such/folder/m.keras"),
    "save_weights, ending": lambda k: sequential(k).save_weights(folder("m.h5")),
    "save_weights, no ending": lambda k: sequential(k).save_weights(folder("m")),
    "save_weights, unbuilt": lambda k: unbuilt(k).save_weights(folder("m.weights.h5")),
    "save_weights, shards of another ending": lambda k: sequential(k).save_weights(
        folder("m.keras"), max_shard_size=1
    ),
    "load, missing": lambda k: k.saving.load_model("/no/such/file.keras"),
    "load, missing, another ending": lambda k: k.saving.load_model("/no/such/file"),
    "load, missing, .h5": lambda k: k.saving.load_model("/no/such/file.h5"),
    "load, ending": lambda k: k.saving.load_model(written("m.txt", b"abc")),
    "load, a folder": lambda k: k.saving.load_model(tempfile.mkdtemp()),
    "load, no zip": lambda k: k.saving.load_model(written("m.keras", b"abc")),
    "load, empty": lambda k: k.saving.load_model(written("m.keras", b"")),
    "load, no HDF5": lambda k: k.saving.load_model(written("m.h5", b"abc")),
    "load, unknown argument": lambda k: k.saving.load_model(
        saved(sequential(k), "m.keras"), compiled=False
    ),
    "load, weights as a model": lambda k: k.saving.load_model(
        saved(sequential(k), "m.weights.h5")
    ),
    "load, a config that is a list": lambda k: k.saving.load_model(archive([1, 2])),
    "load, a config that is empty": lambda k: k.saving.load_model(archive({})),
    "load, a config that is no JSON": lambda k: k.saving.load_model(archive("{")),
    "load, an unknown class": lambda k: k.saving.load_model(
        archive({"module": "keras", "class_name": "Nope", "config": {}})
    ),
    "load, an unknown module": lambda k: k.saving.load_model(
        archive({"module": "no.such", "class_name": "Nope", "config": {}, "registered_name": "N"})
    ),
    "load, no weights": lambda k: k.saving.load_model(
        archive({"module": "keras", "class_name": "Sequential",
                 "config": {"name": "s", "layers": []}})
    ),
    "load, a number": lambda k: k.saving.load_model(3),
    "load, None": lambda k: k.saving.load_model(None),
    "load_weights, missing": lambda k: sequential(k).load_weights("/no/such.weights.h5"),
    "load_weights, missing .keras": lambda k: sequential(k).load_weights("/no/such.keras"),
    "load_weights, missing .h5": lambda k: sequential(k).load_weights("/no/such.h5"),
    "load_weights, ending": lambda k: sequential(k).load_weights(written("m.txt", b"abc")),
    "load_weights, no HDF5": lambda k: sequential(k).load_weights(written("m.weights.h5", b"abc")),
    "load_weights, unknown argument": lambda k: sequential(k).load_weights(
        saved(sequential(k), "m.weights.h5"), strict=True
    ),
    "load_weights, by_name of .keras": lambda k: sequential(k).load_weights(
        saved(sequential(k), "m.keras"), by_name=True
    ),
    "load_weights, by_name of .weights.h5": lambda k: sequential(k).load_weights(
        saved(sequential(k), "m.weights.h5"), by_name=True
    ),
    "load_weights, unbuilt": lambda k: unbuilt(k).load_weights(
        saved(sequential(k), "m.weights.h5")
    ),
    "load_weights, another size": lambda k: k.Sequential(
        [k.Input((4,)), k.layers.Dense(1)]
    ).load_weights(saved(sequential(k), "m.weights.h5")),
    "load_weights, another size, skipped": lambda k: k.Sequential(
        [k.Input((4,)), k.layers.Dense(1)]
    ).load_weights(saved(sequential(k), "m.weights.h5"), skip_mismatch=True),
    "load_weights, more layers": lambda k: k.Sequential(
        [k.Input((3,)), k.layers.Dense(1), k.layers.Dense(1)]
    ).load_weights(saved(sequential(k), "m.weights.h5")),
    "load_weights, another size, .h5": lambda k: k.Sequential(
        [k.Input((4,)), k.layers.Dense(1)]
    ).load_weights(saved(sequential(k), "m.h5")),
    "load_weights, more layers, .h5": lambda k: k.Sequential(
        [k.Input((3,)), k.layers.Dense(1), k.layers.Dense(1)]
    ).load_weights(saved(sequential(k), "m.h5")),
    "load_weights, no bias, .h5": lambda k: k.Sequential(
        [k.Input((3,)), k.layers.Dense(1, use_bias=False)]
    ).load_weights(saved(sequential(k), "m.h5")),
    "deserialize a number": lambda k: k.saving.deserialize_keras_object(3),
    "deserialize an object": lambda k: k.saving.deserialize_keras_object(object()),
    "deserialize text": lambda k: k.saving.deserialize_keras_object("nope", module_objects={}),
    "deserialize, no class": lambda k: k.saving.deserialize_keras_object(
        {"config": {}}, module_objects={"a": 1}
    ),
    "deserialize, unknown": lambda k: k.saving.deserialize_keras_object(
        {"class_name": "Nope", "config": {}}
    ),
    "deserialize, unknown of a module": lambda k: k.saving.deserialize_keras_object(
        {"class_name": "Nope", "config": {}, "module": "keras.layers", "registered_name": None}
    ),
    "deserialize, a config that is a list": lambda k: k.saving.deserialize_keras_object(
        {"class_name": "Dense", "config": [1], "module": "keras.layers", "registered_name": None}
    ),
    "deserialize, a config that is text": lambda k: k.saving.deserialize_keras_object(
        {"class_name": "Dense", "config": "a", "module": "keras.layers", "registered_name": None}
    ),
    "deserialize, a config without units": lambda k: k.saving.deserialize_keras_object(
        {"class_name": "Dense", "config": {}, "module": "keras.layers", "registered_name": None}
    ),
    "deserialize, a config of a wrong value": lambda k: k.saving.deserialize_keras_object(
        {"class_name": "Dense", "config": {"units": -1}, "module": "keras.layers",
         "registered_name": None}
    ),
    "deserialize, a lambda": lambda k: k.saving.deserialize_keras_object(
        k.saving.serialize_keras_object(lambda x: x)
    ),
    "deserialize, a function without a name": lambda k: k.saving.deserialize_keras_object(
        {"class_name": "function", "config": 3, "module": "builtins", "registered_name": "f"}
    ),
    "deserialize, an unknown function": lambda k: k.saving.deserialize_keras_object(
        {"class_name": "function", "config": "f", "module": "builtins", "registered_name": "f"}
    ),
    "deserialize, a class name that is a number": lambda k: k.saving.deserialize_keras_object(
        {"class_name": 3, "config": {}, "module": "keras.layers", "registered_name": None}
    ),
    "serialize an object": lambda k: k.saving.serialize_keras_object(object()),
    "serialize, get_config of a list": lambda k: k.saving.serialize_keras_object(
        type("Odd", (), {"get_config": lambda self: [1]})()
    ),
    "serialize a lambda": lambda k: k.saving.serialize_keras_object(lambda x: x),
    "register without get_config": lambda k: k.saving.register_keras_serializable()(
        type("Plain", (), {})
    ),
    "layer config of an unknown class": lambda k: k.layers.deserialize(
        {"class_name": "Nope", "config": {}}
    ),
    "layer config without a class": lambda k: k.layers.deserialize({"config": {}}),
    "layer config without a config": lambda k: k.layers.deserialize({"class_name": "Dense"}),
    "model_from_json of nothing": lambda k: k.models.model_from_json("{}"),
    "model_from_json of no JSON": lambda k: k.models.model_from_json("{"),
    "model_from_json of a list": lambda k: k.models.model_from_json("[1]"),
    "model_from_json of a number": lambda k: k.models.model_from_json(3),
    "Model.from_config of nothing": lambda k: k.Model.from_config({}),
    "Sequential.from_config of nothing": lambda k: k.Sequential.from_config({}),
    "Sequential.from_config of numbers": lambda k: k.Sequential.from_config(
        {"name": "s", "layers": [3]}
    ),
    "config, no layers": lambda k: configured(k, lambda c: c.pop("layers")),
    "config, no outputs": lambda k: configured(k, lambda c: c.pop("output_layers")),
    "config, unknown output": lambda k: configured(
        k, lambda c: c.update(output_layers=[["z", 0, 0]])
    ),
    "config, unknown layer before": lambda k: configured(
        k, lambda c: c["layers"][1]["inbound_nodes"][0]["args"][0]["config"][
            "keras_history"].__setitem__(0, "z")
    ),
    "config, unknown node before": lambda k: configured(
        k, lambda c: c["layers"][1]["inbound_nodes"][0]["args"][0]["config"][
            "keras_history"].__setitem__(1, 7)
    ),
    "config, unknown class": lambda k: configured(
        k, lambda c: c["layers"][1].update(class_name="Nope")
    ),
    "config, no class": lambda k: configured(k, lambda c: c["layers"][1].pop("class_name")),
    "config, a layer that is a number": lambda k: configured(
        k, lambda c: c["layers"].__setitem__(1, 3)
    ),
    "config, layers that are a number": lambda k: configured(k, lambda c: c.update(layers=3)),
    "config, no config": lambda k: configured(k, lambda c: c["layers"][1].pop("config")),
    "config, no nodes": lambda k: configured(k, lambda c: c["layers"][1].pop("inbound_nodes")),
    "config, no name": lambda k: configured(k, lambda c: c["layers"][1].pop("name")),
}  # fmt: skip
