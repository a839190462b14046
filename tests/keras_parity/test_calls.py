"""Wrong values for functions are refused where Keras refuses them, and never by an inner error.

Ops, losses, metrics and activations are traced, and nothing is compiled.
"""

from __future__ import annotations

import contextlib
import functools
import io

import pytest
from judging import Judge, Rules
from outcomes import Outcome, outcome
from wrong_arguments import VALUES, Case
from wrong_calls import call, functions, names

import rosenblatt as rb

# Why we accept what Keras refuses …
ACCEPTED: Rules = (
    (r"activations\.\w+\.(x|axis)=(\[\]|\(\)|\(1,\)|\(1, 2, 3\))", "a list as well as an array"),
    (r".*\.(threshold|ignore_class)=1j", "a number that is equal to none of the others"),
    (r"losses\.circle\.(y_true|ref_labels)=.*", "numbers, converted to class ids"),
    (r"tree\.assert_same_structure\.check_types=an array", "not asked where nests are equal"),
    (r"utils\.normalize\.(x|axis)=.*", "lists too; docs/differences.md"),
    (r"utils\.pad_sequences\.(sequences|maxlen)=.*", "nothing to pad, or all cut off"),
    (r"random\.\w+\.(inputs|alpha|minval|maxval|x)=.*", "numbers and lists as well as arrays"),
)
# … refuse what it accepts …
STRICTER: Rules = (
    (r"random\.\w+\.dtype=0", "not a dtype"),
    (r".*\.(custom_objects|module_objects)=.*", "not a table of names"),
    (r"(saving|utils)\.get_registered_object\.name=.*", "not a name"),
    (r"utils\.get_source_inputs\.tensor=.*", "not a tensor"),
    (r"utils\.normalize\.x=.*", "no axis to normalize along"),
    (r"layers\.(concatenate\.axis|dot\.axes)=True", "True is not an axis"),
    (
        r"(losses|metrics)\.\w+\.(y_true|y_pred)=.*",
        "shapes that would be broadcast; docs/differences.md",
    ),
    (r".*\.(deserialize|get|serialize)\.\w+=.*", "not a config, a name or a table of names"),
    (
        r".*=(an empty word|None|\[\]|\(\)|\{\}|\(1,\)|\(1, 2, 3\)|1j|an array)",
        "a value of a kind that the argument is not documented to take",
    ),
)
# … by an error of another type …
OTHER_TYPES: Rules = (
    (r"(losses|metrics)\.(squared_)?hinge\.y_pred=.*", "shapes that do not align"),
)
# … and what messages name instead of the argument.
NAMED: Rules = (
    (r"\w+\.get\.identifier=.*", "the kind of part: an unknown activation"),
    (r"(saving|models)\.load_(model|weights)\.\w+=.*", "the file, which does not exist"),
    (r"\w+\.(de)?serialize(_keras_object)?\.(config|obj)=.*", "what stands for no object"),
    (r"tree\.\w+\.\w+=.*", "the nests that do not fit each other"),
    (r"layers\.\w+\.inputs=.*", "the layer that joins them"),
    (r"models\.(clone_model|model_from_json)\.\w+=.*", "what stands for no model or layer"),
    (r"utils\.to_categorical\.num_classes=.*", "the label outside the classes"),
)
JUDGE = Judge("calls.json", ACCEPTED, STRICTER, OTHER_TYPES, NAMED)
GROUPS = sorted({path.partition(".")[0] for path in JUDGE.recorded})


@functools.cache
def tried(group: str) -> list[tuple[Case, Outcome]]:
    found = []
    with contextlib.redirect_stdout(io.StringIO()):
        for path in (one for one in JUDGE.recorded if one.startswith(f"{group}.")):
            for name in (one for one in names(rb, path) if one in JUDGE.recorded[path]):
                for value in VALUES:
                    case = Case(path, name, value)
                    found.append((case, outcome(functools.partial(call, rb, case))))
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("group", GROUPS)
def test_wrong_values(group: str) -> None:
    faults = JUDGE.faults(tried(group))
    assert not faults, faults


@pytest.mark.filterwarnings("ignore")
def test_every_rule_is_needed() -> None:
    """Prints how many cases each rule stands for: `pytest -s -k rule`."""
    counts = JUDGE.counted(one for group in GROUPS for one in tried(group))
    print(*(f"{count:6} {why}" for why, count in counts.most_common()), sep="\n")
    assert not JUDGE.idle(counts)
    assert counts["refused"] > 2_500


def test_every_function_was_tried_with_keras() -> None:
    assert JUDGE.recorded.keys() <= {*functions(rb)}
