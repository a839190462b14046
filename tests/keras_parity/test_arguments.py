"""Wrong values of arguments are refused where Keras refuses them, and never by an inner error."""

from __future__ import annotations

import builtins
import functools
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from outcomes import Outcome, outcome
from wrong_arguments import LETTERS, VALUES, Case, arguments, classes, make

import rosenblatt as rb
from rosenblatt.core.errors import RosenblattError

# What `tools/keras_arguments.py` found that Keras refuses.
KERAS: dict[str, dict[str, dict[str, str]]] = json.loads(
    (Path(__file__).parent / "arguments.json").read_text("utf-8")
)
Rules = tuple[tuple[str, str], ...]
# "class.argument=value", and why we accept what Keras refuses.
ACCEPTED: Rules = (
    (r"optimizers\.\w+\.(learning_rate|momentum)=(0|3|-1)", "an integer is a number too"),
    (r"layers\.\w+\.(activity_regularizer|trainable|dtype)=.*", "every layer takes it"),
    (r"metrics\.\w+\.thresholds=(\(\)|\(1,\)|0|0.5)", "a tuple as well as a list, and one alone"),
    (r"layers\.Lambda\.function=a class", "a class can be called"),
    (r"layers\.Reshape\.target_shape=(0|3|-1)", "a number is a shape of one axis"),
    (r"regularizers\.OrthogonalRegularizer\.factor=None", "the default, as in `L1`"),
    (r"callbacks\.BackupAndRestore\.backup_dir=bytes", "a path, as Python has them"),
    (r"callbacks\.CallbackList\.(callbacks|add_history|add_progbar|model)=(\[None\]|an array)",
     "None stands for no callback; the others are for the model"),
)  # fmt: skip
# … and why we refuse what Keras accepts.
_NUMBERS = r"(0|3|-1|0.5|-0.5|1e30)"
STRICTER: Rules = (
    (r".*=(a word|an empty word|bytes|1j|an array|an object|a class|a function)"
     r"|.*=(\[\]|\(\)|\{\}|\(1,\)|\(1, 2, 3\)|\[None\]|\['a'\]|\{'a': 1\})",
     "a value of a kind that the argument is not documented to take"),
    (r".*=True", "True is not a number, nor a name, nor a list"),
    (r".*=None", "None means nothing there, and fails when it is used"),
    (r".*=(NaN|infinity)", "nothing can be computed with it"),
    (rf".*\.(name|monitor|root|path|field|filename|log_dir|equation|bias_axes)={_NUMBERS}",
     "a number is not a name"),
    (rf".*\.(headers|custom_objects|arguments|layers|callbacks|renorm_clipping|fn|schedule|crosses"
     rf"|exclude_layers|noise_shape|stateful_metrics|stateless_metrics|dtype)={_NUMBERS}",
     "a number is not a list, a function or a type"),
    (rf".*\.(lora_rank|lora_alpha|quantization_config|gptq_unpacked_column_size|sparse)={_NUMBERS}",
     "left out, in docs/differences.md"),
    (r".*\.(axis|class_id|ignore_class|ema_overwrite_frequency|k|top_k|ns_steps|num_\w+|head_dim"
     r"|power_iterations|shared_axes|gradient_accumulation_steps)=(0.5|-0.5|1e30)",
     "not a whole number"),
    (r".*\.(ema_overwrite_frequency|k|top_k|ns_steps|num_\w+|gradient_accumulation_steps)=(0|-1)",
     "no such number of things"),
    (r".*\.(dropout|ema_momentum)=(3|-1|-0.5|1e30)", "no share"),
    (r".*\.(clipnorm|clipvalue|global_clipnorm)=(-1|-0.5)", "gradients would change their sign"),
    (r".*\.(save_freq|update_freq|profile_batch)=(0|-1|0.5|-0.5|1e30)", "no number of batches"),
    (r"layers\.Discretization\.epsilon=(0|3|-1|-0.5|1e30)", "no share"),
    (r"initializers\.\w+\.seed=-1", "refused by Keras too, when a number is drawn"),
)  # fmt: skip
# … and why the type of error is another one.
OTHER_TYPES: Rules = ((r"utils\.FeatureSpace\.crosses=.*", "Keras asks for TensorFlow"),)


def row(case: Case) -> str:
    """A case in one line, as rules see it."""
    return f"{case.part}.{case.argument}={case.value}"


def reason(rules: Rules, case: Case) -> str | None:
    """The first rule that fits."""
    return next((why for rule, why in rules if re.fullmatch(rule, row(case))), None)


def theirs(case: Case) -> str | None:
    """The type of Keras's error, "?" before one that was not meant."""
    kinds = KERAS[case.part].get(case.argument, {})
    return next((kind for kind, values in kinds.items() if LETTERS[case.value] in values), None)


def fault(case: Case, ours: Outcome) -> str | None:
    """What is wrong with what we do."""
    kind = theirs(case)
    if ours.error is None:
        wrong = kind is not None and reason(ACCEPTED, case) is None
        return f"accepted; Keras: {kind}" if wrong else None
    if not isinstance(ours.error, RosenblattError):
        return f"an inner error: {ours}"
    if not isinstance(ours.error, ValueError):
        return f"not a ValueError: {ours}"
    if f"`{case.argument}`" not in str(ours.error) and case.argument not in str(ours.error):
        return f"the argument is not named: {ours}"
    if kind is None:
        return None if reason(STRICTER, case) else f"refused: {ours}"
    expected = getattr(builtins, kind.lstrip("?"), Exception)
    other = not kind.startswith("?") and not isinstance(ours.error, expected)
    return f"not a {kind}: {ours}" if other and not reason(OTHER_TYPES, case) else None


def cases(part: str) -> list[Case]:
    names = [name for name in arguments(rb, part) if name in KERAS[part]]
    return [Case(part, name, value) for name in names for value in VALUES]


@functools.cache
def tried(part: str) -> list[tuple[Case, Outcome]]:
    return [(case, outcome(functools.partial(make, rb, case))) for case in cases(part)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("part", KERAS)
def test_wrong_values(part: str) -> None:
    found = [(case, fault(case, ours)) for case, ours in tried(part)]
    faults = [f"{c.argument} = {c.value}: {text}" for c, text in found if text is not None]
    assert not faults, "\n".join(faults)


@pytest.mark.filterwarnings("ignore")
def test_every_rule_is_needed() -> None:
    """Prints how many cases each rule stands for: `pytest -s -k rule`."""
    counts = Counter[str]()
    for case, ours in (one for part in KERAS for one in tried(part)):
        refuses = theirs(case) is not None
        if ours.error is None:
            counts["accepted by us: " + str(reason(ACCEPTED, case)) if refuses else "accepted"] += 1
        else:
            rule = reason(OTHER_TYPES if refuses else STRICTER, case)
            counts[("refused by us: " + rule) if rule else "refused"] += 1
    print(*(f"{count:6} {why}" for why, count in counts.most_common()), sep="\n")
    for kind, rules in (("accepted", ACCEPTED), ("refused", (*STRICTER, *OTHER_TYPES))):
        assert not [why for _, why in rules if not counts[f"{kind} by us: {why}"]]
    assert counts["refused"] > 10_000


def test_every_class_was_tried_with_keras() -> None:
    assert KERAS.keys() <= {*classes(rb)}
