"""Wrong values of arguments are refused where Keras refuses them, and never by an inner error."""

from __future__ import annotations

import functools

import pytest
from judging import Judge, Rules
from outcomes import Outcome, outcome
from wrong_arguments import VALUES, Case, arguments, classes, make

import rosenblatt as rb

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


JUDGE = Judge("arguments.json", ACCEPTED, STRICTER, OTHER_TYPES)


def cases(part: str) -> list[Case]:
    names = [name for name in arguments(rb, part) if name in JUDGE.recorded[part]]
    return [Case(part, name, value) for name in names for value in VALUES]


@functools.cache
def tried(part: str) -> list[tuple[Case, Outcome]]:
    return [(case, outcome(functools.partial(make, rb, case))) for case in cases(part)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("part", JUDGE.recorded)
def test_wrong_values(part: str) -> None:
    faults = JUDGE.faults(tried(part))
    assert not faults, faults


@pytest.mark.filterwarnings("ignore")
def test_every_rule_is_needed() -> None:
    """Prints how many cases each rule stands for: `pytest -s -k rule`."""
    counts = JUDGE.counted(one for part in JUDGE.recorded for one in tried(part))
    print(*(f"{count:6} {why}" for why, count in counts.most_common()), sep="\n")
    assert not JUDGE.idle(counts)
    assert counts["refused"] > 10_000


def test_every_class_was_tried_with_keras() -> None:
    assert JUDGE.recorded.keys() <= {*classes(rb)}
