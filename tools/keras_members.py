"""Compares the classes and functions that Keras and rosenblatt both have, down to their arguments.

Objects of each class are made in both libraries and used (layers called, metrics updated, models
and callbacks trained), since attributes come with use. Then: which public attributes and methods
of Keras's object ours lacks, which arguments of its functions and methods, and which attributes
can be set there only. What is absent needs a rule that says why.
"""

from __future__ import annotations

import inspect
import re
import tempfile
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

QUANTIZED = "quantization and LoRA: for networks far larger than these"
REMAT = "computes again what does not fit into memory: these networks fit"
ENGINE = "a Keras backend module; JAX is the only backend"
SHARDED = "one array on several machines"
REFUSED = (r"LayoutMap|ModelParallel", r".*", "refused: weights are not divided among devices")
SPARSE = "nothing here computes with sparse or ragged tensors"
INNER = "an inner part of Keras's"
BY_PLACE = "called by place in both; the name differs"

# Class, name, reason. The first that fits; a member that no rule names is missing.
MEMBER_RULES = (
    (r".*", r"quantized_.*|get_quantization_layer_structure", QUANTIZED),
    (r".*", r"variable_serialization_spec", QUANTIZED),
    (r".*", r"rematerialized_call", REMAT),
    (r".*", r"backend|convert_weight", ENGINE),
    (r"KerasTensor", r"ragged_rank|row_splits_dtype", SPARSE),
    (r"KerasTensor", r"record_history", INNER),
    (r"TensorBoard", r"summary", "`tf.summary`; `rosenblatt.summary` is ours"),
    (r"ProgbarLogger", r"progbar", "the lines are drawn by the callback itself"),
    (r"CustomObjectScope", r"backup", INNER),
    (r"Muon", r"lr_adjust|transpose_last_axis|zeropower_via_newtonschulz5",
     "parts of the rule, which is one function here: `update`"),
    (r"SpectralNormalization", r"kernel_shape", INNER),
    REFUSED,
    (r"DataParallel", r"distribute_tf_dataset", "needs TensorFlow"),
)  # fmt: skip
# Class or function, argument, reason.
ARGUMENT_RULES = (
    (r"(\w+\.)*(serialize|deserialize)", r"\w+", BY_PLACE),
    (r".*\.build", r"var_list", "`variables`, as Keras's `Optimizer.build` calls it"),
    (r".*\.update_step", r"grad", "`gradient`, as Keras's `Optimizer.update_step` calls it"),
    (r"Variable", r"layout", SHARDED),
    REFUSED,
    (r"KerasTensor", r"record_history", INNER),
)  # fmt: skip
# Methods whose arguments are those of `call` or `build`, by any name: `compute_output_shape(
# input_shape=…)` goes to every layer. A test passes them.
AS_CALL = re.compile(r"compute_output_shape|compute_output_spec|__call__|symbolic_call|call")
SET_RULES = (
    (r".*", r"call_signature_parameters", "what the signature of `call` says"),
    (r"StatelessScope", r"losses|state_mapping", "what the scope holds: changed in place"),
    (r"F1Score|FBetaScore", r"axis", "follows from `average`"),
    (r"SGD|Muon", r"momentums|adam_velocities", "the variables themselves are assigned to"),
    (r"GroupQueryAttention", r"num_repeats", "follows from the numbers of heads"),
)

Make = Callable[[Any, Any], Any]
X = np.linspace(0.1, 0.9, 12, dtype="float32").reshape(4, 3)
Y = np.array([[0.0], [1.0], [1.0], [0.0]], "float32")


def _given(*args: Any, **kwargs: Any) -> Make:
    return lambda library, cls: cls(*args, **kwargs)


def _around(*inner: Any) -> Make:
    return lambda library, cls: cls(library.layers.Dense(2), *inner)


def _sgd(library: Any, cls: Any) -> Any:
    return cls(library.optimizers.SGD())


def _model(library: Any, cls: Any = None) -> Any:
    inputs = library.Input((3,))
    return library.Model(inputs, library.layers.Dense(1)(inputs))


def _function(library: Any, cls: Any) -> Any:
    inputs = library.Input((3,))
    return cls(inputs, inputs * 2.0)


def _file(name: str) -> Make:
    return lambda library, cls: cls(f"{tempfile.gettempdir()}/{library.__name__}_{name}")


# How an object of a class is made, where `cls()` does not make one.
EXAMPLES: dict[str, Make] = {
    "Dense": _given(3), "EinsumDense": _given("ab,bc->ac", 4), "Activation": _given("relu"),
    "Embedding": _given(5, 2), "Lambda": _given(lambda x: x), "Wrapper": _around(),
    "TimeDistributed": _around(), "SpectralNormalization": _around(),
    "InputLayer": _given(shape=(3,)), "MultiHeadAttention": _given(2, 3),
    "Pipeline": lambda library, cls: cls([library.layers.Rescaling(2.0)]),
    "GroupQueryAttention": _given(3, 4, 2), "CategoryEncoding": _given(5),
    "Discretization": _given([0.2, 0.5]), "HashedCrossing": _given(5), "Hashing": _given(5),
    "Dot": _given(1), "Permute": _given((2, 1)), "Reshape": _given((3, 1)),
    "RepeatVector": _given(2), "Rescaling": _given(2.0), "Dropout": _given(0.5),
    "AlphaDropout": _given(0.5), "GaussianDropout": _given(0.5), "GaussianNoise": _given(0.5),
    "SpatialDropout1D": _given(0.5), "SpatialDropout2D": _given(0.5),
    "SpatialDropout3D": _given(0.5), "Functional": _model, "Model": _model, "Function": _function,
    "Sequential": lambda library, cls: cls([library.Input((3,)), library.layers.Dense(1)]),
    "Variable": _given(np.zeros(2, "float32")), "KerasTensor": _given((None, 2)),
    "FeatureSpace": _given({"a": "float"}), "StringLookup": _given(vocabulary=["a"]),
    "IntegerLookup": _given(vocabulary=[1]), "BackupAndRestore": _file("backup"),
    "CSVLogger": _file("log.csv"), "ModelCheckpoint": _file("best.keras"),
    "LearningRateScheduler": _given(lambda epoch, rate: rate), "LossScaleOptimizer": _sgd,
    "MultiOptimizer": lambda library, cls: cls(library.optimizers.SGD()),
    "OptimizerMap": lambda library, cls: cls(library.optimizers.SGD(), {}),
    "CosineDecay": _given(0.1, 10), "CosineDecayRestarts": _given(0.1, 10),
    "ExponentialDecay": _given(0.1, 10, 0.5), "InverseTimeDecay": _given(0.1, 10, 0.5),
    "PolynomialDecay": _given(0.1, 10), "PiecewiseConstantDecay": _given([1, 2], [1.0, 2.0, 3.0]),
    "PrecisionAtRecall": _given(0.5), "RecallAtPrecision": _given(0.5),
    "SensitivityAtSpecificity": _given(0.5), "SpecificityAtSensitivity": _given(0.5),
    "IoU": _given(2, [0]), "MeanIoU": _given(2), "OneHotIoU": _given(2, [0]),
    "OneHotMeanIoU": _given(2), "MeanMetricWrapper": _given(lambda a, b: a),
    "DTypePolicy": _given("float32"), "Optimizer": _given(0.1), "CallbackList": _given([]),
    "CustomObjectScope": _given({}), "name_scope": _given("a"), "Progbar": _given(3),
    "Sequence": _given(), "PyDataset": _given(), "LossFunctionWrapper": _given(lambda a, b: a),
    "GroupNormalization": _given(3), "RemoteMonitor": _given(root="http://127.0.0.1:9"),
}  # fmt: skip
# What a layer is called on, where it is not (4, 3) numbers.
STEPS = np.ones((2, 4, 3), "float32")
INPUTS: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply"),
                    ([X, X],)),
    "Subtract": ([X, X],), "Dot": ([X, X],), "Attention": ([STEPS, STEPS],),
    "AdditiveAttention": ([STEPS, STEPS],), "MultiHeadAttention": (STEPS, STEPS),
    "GroupQueryAttention": (STEPS, STEPS), "GroupedQueryAttention": (STEPS, STEPS),
    "Embedding": (np.ones((2, 3), "int32"),),
    "CategoryEncoding": (np.ones((2, 3), "int32"),), "TimeDistributed": (STEPS,),
    "Permute": (STEPS,), "SpatialDropout1D": (STEPS,), "Masking": (STEPS,),
    "GlobalAveragePooling1D": (STEPS,), "GlobalMaxPooling1D": (STEPS,), "UpSampling1D": (STEPS,),
    "ZeroPadding1D": (STEPS,), "Cropping1D": (STEPS,), "SpatialDropout2D": (STEPS[None],),
    "SpatialDropout3D": (STEPS[None, None],),
}  # fmt: skip


class Pair(NamedTuple):
    """A class or function of Keras, ours, and what it is called."""

    name: str
    theirs: Any
    ours: Any


def pairs(sections: tuple[str, ...], find: Callable[[str, str], Any]) -> list[Pair]:
    """What both libraries have, each once."""
    found: dict[Any, Pair] = {}
    for section in sections:
        if section.startswith("ops"):
            continue
        theirs, ours = find("keras", section), find("rosenblatt", section)
        for name in dir(theirs):
            one, other = getattr(theirs, name), getattr(ours, name, None)
            both = other is not None and not isinstance(one, types.ModuleType)
            if both and callable(one) and not name.startswith("_"):
                path = name if isinstance(one, type) else f"{section}.{name}".lstrip(".")
                found.setdefault(one, Pair(path, one, other))
    return list(found.values())


def made(library: Any, pair: Pair, ours: bool) -> Any:
    """An object of a class, used as it is for; the class itself where Keras cannot make one."""
    cls = pair.ours if ours else pair.theirs
    name = cls.__name__ if cls.__name__ in EXAMPLES else pair.name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            one = EXAMPLES.get(name, _given())(library, cls)
        except (ImportError, TypeError, ValueError, NotImplementedError):
            return cls  # needs TensorFlow, is a base with arguments of its own, or is refused
        _use(library, one, name)
    return one


def _use(library: Any, one: Any, name: str) -> None:
    layers, optimizers = library.layers, library.optimizers
    if isinstance(one, library.Model):
        one.compile("sgd", "mse", metrics=["mae"])
        one.fit(X, Y, verbose=0)
    elif isinstance(one, layers.Layer):
        bare = type(one) in (layers.Layer, layers.Wrapper, layers.InputLayer)
        bare |= name == "FeatureSpace"  # called on tables
        if not bare and "Lookup" not in name and "Hash" not in name:
            try:
                one(*INPUTS.get(type(one).__name__, (X,)))
            except ValueError:
                one(STEPS[None])  # a layer for pictures
    elif isinstance(one, library.callbacks.Callback) and name != "RemoteMonitor":
        model = _model(library)
        model.compile(optimizers.SGD(use_ema=True), "mse")
        if name != "TensorBoard":  # Keras's needs TensorFlow
            model.fit(X, Y, validation_data=(X, Y), verbose=0, callbacks=[one])
    elif isinstance(one, library.Optimizer) and name not in ("Optimizer", "MultiOptimizer"):
        one.build([library.Variable(X, name="w")])


def _reason(rules: tuple[tuple[str, str, str], ...], owner: str, name: str) -> str | None:
    for owners, names, reason in rules:
        if re.fullmatch(owners, owner) and re.fullmatch(names, name):
            return reason
    return None


def _has(one: Any, name: str) -> bool:
    try:
        getattr(one, name)
    except AttributeError:
        return name in dir(one)
    except Exception:  # a property that says why it has no value now
        return True
    return True


Verdicts = dict[str, dict[str, str | None]]


def members(objects: dict[str, tuple[Any, Any]]) -> Verdicts:
    """For each class and public name of Keras's object: "" if ours has it, the reason, or None."""
    return {
        owner: {
            name: "" if _has(ours, name) else _reason(MEMBER_RULES, owner, name)
            for name in dir(theirs)
            if not name.startswith("_")
        }
        for owner, (theirs, ours) in objects.items()
    }


def _parameters(function: Any) -> dict[str, inspect.Parameter] | None:
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return None


def _functions(pair: Pair) -> Iterator[tuple[str, Any, Any]]:
    """The function, or the class's constructor and its public methods."""
    yield pair.name, pair.theirs, pair.ours
    if isinstance(pair.theirs, type):
        for name in dir(pair.theirs):
            theirs, ours = getattr(pair.theirs, name), getattr(pair.ours, name, None)
            public = name == "__call__" or not name.startswith("_")
            if public and not isinstance(theirs, type) and callable(theirs) and callable(ours):
                yield f"{pair.name}.{name}", theirs, ours


def arguments(found: list[Pair]) -> Verdicts:
    """For each function and argument of Keras's: "" if ours takes it by that name, or why not."""
    kinds = inspect.Parameter
    several = (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD)
    table: Verdicts = {}
    for pair in found:
        for label, theirs, ours in _functions(pair):
            expected, taken = _parameters(theirs), _parameters(ours)
            if expected is None or taken is None:
                continue
            known = {name for name, one in taken.items() if one.kind not in several}
            if AS_CALL.fullmatch(label.rpartition(".")[2]) and len(known) < len(taken):
                known |= expected.keys()
            table[label] = {
                name: "" if name in known else _reason(ARGUMENT_RULES, label, name)
                for name, one in expected.items()
                if one.kind not in several and name != "self"
            }
    return table


def settable(objects: dict[str, tuple[Any, Any]]) -> Verdicts:
    """For each class and attribute that Keras lets set: "" if ours does too, or why not."""
    table: Verdicts = {}
    for owner, (theirs, ours) in objects.items():
        if isinstance(theirs, type) or isinstance(ours, type):
            continue
        table[owner] = {
            name: "" if _sets(ours, name) else _reason(SET_RULES, owner, name)
            for name in dir(theirs)
            if not name.startswith("_") and _sets(theirs, name, False) and _has(ours, name)
        }
    return table


def _sets(one: Any, name: str, without_value: bool = True) -> bool:
    """Whether an attribute can be set to what it is; methods do not count."""
    try:
        value = getattr(one, name)
    except Exception:
        return without_value
    if inspect.isroutine(value):
        return False
    try:
        setattr(one, name, value)
    except Exception:
        return False
    return True


def _flat(verdicts: Verdicts) -> list[tuple[str, str, str | None]]:
    return [(owner, name, v) for owner, names in verdicts.items() for name, v in names.items()]


def missing(verdicts: Verdicts) -> list[str]:
    """What is neither here nor has a reason."""
    return [f"{owner}: {name}" for owner, name, verdict in _flat(verdicts) if verdict is None]


def count(verdicts: Verdicts) -> str:
    """How many are here, of how many."""
    every = _flat(verdicts)
    return f"{sum(verdict == '' for *_, verdict in every)} of {len(every)}"


def lines(title: str, verdicts: Verdicts) -> list[str]:
    """A section of the page."""
    every = _flat(verdicts)
    text = [f"## {title}: {count(verdicts)}", ""]
    reasons: dict[tuple[str, str], list[str]] = {}
    for owner, name, verdict in every:
        if verdict != "":
            reasons.setdefault((name, verdict or "**missing**"), []).append(owner)
    if reasons:
        text += ["| not ours | of | because |", "| --- | --- | --- |"]
        for (name, reason), owners in reasons.items():
            more = f" and {len(owners) - 3} more" if len(owners) > 3 else ""
            text += [f"| `{name}` | {', '.join(f'`{o}`' for o in owners[:3])}{more} | {reason} |"]
        text += [""]
    return text


def compare(
    sections: tuple[str, ...], find: Callable[[str, str], Any], keras: Any, ours: Any
) -> dict[str, Verdicts]:
    """All three tables, by what they are about."""
    found = pairs(sections, find)
    classes = [pair for pair in found if isinstance(pair.theirs, type)]
    objects = {}
    for pair in classes:
        both = made(keras, pair, False), made(ours, pair, True)
        either = any(isinstance(one, type) for one in both)
        objects[pair.name] = (pair.theirs, pair.ours) if either else both
    return {
        "Attributes and methods": members(objects),
        "Arguments": arguments(found),
        "Attributes that can be set": settable(objects),
    }
