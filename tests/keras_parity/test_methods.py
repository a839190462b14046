"""Wrong values for methods are refused where Keras refuses them, and never by an inner error."""

from __future__ import annotations

import contextlib
import functools
import io
from pathlib import Path

import pytest
from judging import Judge, Rules
from outcomes import Outcome, outcome
from wrong_arguments import VALUES, Case
from wrong_methods import METHODS, call, names

import rosenblatt as rb

# Why we accept what Keras refuses …
ACCEPTED: Rules = (
    (r"Model\.\w+\.callbacks=\[None\]", "None stands for no callback"),
    (r"Model\.compile_from_config\.config=\{'a': 1\}", "keys of other versions are left out"),
    (r"\w+\.add_weight\.shape=(True|0|3)", "a size is a shape of one axis"),
    (r"\w+\.add_variable\.layout=.*", "one device holds the whole variable"),
    (r"\w+\.add_variable\.initializer=None", "a variable without a start begins with zeros"),
    (r"Layer\.add_loss\.loss=.*", "a loss that is added outside of a call counts, too"),
    (r"Optimizer\.apply_gradients\.grads_and_vars=(an empty word|\[\]|\(\)|\{\})",
     "nothing is applied"),
    (r"Initializer\.__call__\.shape=(an empty word|bytes|\{\})", "NumPy takes it as a shape"),
    (r"Regularizer\.__call__\.x=.*", "numbers and lists of them have a penalty"),
)  # fmt: skip
# … refuse what it accepts …
STRICTER: Rules = (
    (r"Model\.\w+\.batch_size=.*", "a batch has rows"),
    (r"Model\.\w+\.(epochs|initial_epoch|steps|\w+_steps|steps_per_epoch)=.*",
     "a count is an integer"),
    (r"Model\.\w+\.verbose=.*", "it is a level, or 'auto'"),
    (r"Model\.fit\.(validation_split|shuffle)=.*", "it would have no effect"),
    (r"Model\.\w+\.class_weight=\{'a': 1\}", "no class has this name"),
    (r"Model\.\w+_on_batch\.(y|sample_weight)=.*", "a number would count for all rows"),
    (r"Model\.compile\.\w+=.*", "it would fail in `fit`"),
    (r"Model\.save_weights\.max_shard_size=.*", "weights are in one file"),
    (r"Model\.summary\.(print_fn|show_trainable)=.*", "it would have no effect"),
    (r"\w+\.(add_weight|add_variable)\.initializer=a class", "no class of an initializer"),
    (r"\w+\.build\.input_shape=.*", "it is no shape"),
    (r"Layer\.build_from_config\.config=.*", "a config is a dict"),
    (r"Optimizer\.from_config\.custom_objects=.*", "custom objects have names"),
    (r"(AUC|Metric|Loss)\.(update_state|__call__)\.y_\w+=.*", "shapes must align"),
    (r"(Initializer|Uniform)\.__call__\.(shape|dtype)=.*", "no shape, or no dtype"),
    (r"CallbackList\.set_params\.params=.*", "parameters have names"),
    (r"\w+\.on_\w+_end\.logs=.*", "values have names"),
    (r"Model\.save\.zipped=.*", "it is yes or no"),
    (r"Optimizer\.apply\.trainable_variables=.*", "each gradient needs a variable"),
)  # fmt: skip
# … by an error of another type …
OTHER_TYPES: Rules = ((r"Normalization\.adapt\.data=.*", "Keras looks for TensorFlow first"),)
# … and what messages name instead of the argument.
NAMED: Rules = (
    (r"Model\.fit\.validation_data=an array", "the input that does not fit"),
    (r"Model\.compile\.(weighted_)?metrics=.*", "the metric that is unknown"),
    (r"Model\.(save|save_weights|load_weights)\.filepath=.*", "the file"),
    (r"\w+\.set_weights\.weights=an array", "the weight that does not fit"),
    (r"\w+\.(build_)?from_config\.config=\{'a': 1\}", "the key that is unknown"),
    (r"Optimizer\.apply(_gradients)?\.\w+=.*", "gradients and variables, by their numbers"),
    (r"\w+\.build\.input_shape=.*", "the shape, and the layer that it does not fit"),
    (r"Layer\.load_own_variables\.store=\{.*", "the weights that are missing"),
    (r"Normalization\.adapt\.data=None", "the method"),
)
JUDGE = Judge("methods.json", ACCEPTED, STRICTER, OTHER_TYPES, NAMED)


@functools.cache
def tried(path: str) -> list[tuple[Case, Outcome]]:
    cases = [
        Case(path, name, value)
        for name in names(rb, path)
        if name in JUDGE.recorded[path]
        for value in VALUES
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        return [(case, outcome(functools.partial(call, rb, case))) for case in cases]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written under a wrong name is written there."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", METHODS)
def test_wrong_values(path: str) -> None:
    faults = JUDGE.faults(tried(path))
    assert not faults, faults


@pytest.mark.filterwarnings("ignore")
def test_every_rule_is_needed() -> None:
    """Prints how many cases each rule stands for: `pytest -s -k rule`."""
    counts = JUDGE.counted(one for path in METHODS for one in tried(path))
    print(*(f"{count:6} {why}" for why, count in counts.most_common()), sep="\n")
    assert not JUDGE.idle(counts)
    assert counts["refused"] > 1_000


def test_every_method_was_tried_with_keras() -> None:
    assert JUDGE.recorded.keys() == METHODS.keys()
