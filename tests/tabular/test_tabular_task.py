"""What is predicted: a quantity or classes, and the numbers that stand for the target."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from rosenblatt.tables.reading import read
from rosenblatt.tables.table import Column
from rosenblatt.tabular.task import Task, class_codes, infer_task, labels, quantities


def column(values: object) -> Column:
    return read({"y": values})["y"]


TASKS = {
    "yes and no": (["no", "yes"] * 9, None, ("two classes", ("no", "yes"))),
    "booleans": ([True, False] * 9, None, ("two classes", (False, True))),
    "0 and 1": ([0, 1] * 9, None, ("two classes", (0, 1))),
    "1.0 and 2.0": ([1.0, 2.0] * 9, None, ("two classes", (1, 2))),
    "two decimals": ([0.5, 1.5] * 9, None, ("two classes", (0.5, 1.5))),
    "words": (["b", "a", "c", None] * 9, None, ("classes", ("a", "b", "c"))),
    "None is a label": (["None", "Apnea", "?"] * 9, None, ("classes", ("?", "Apnea", "None"))),
    "digits": (list(range(10)) * 10, None, ("classes", tuple(range(10)))),
    "few whole numbers, few rows": ([1, 2, 3] * 3, None, ("quantity", ())),
    "many whole numbers": (list(range(20)) * 20, None, ("quantity", ())),
    "decimals": ([1.5, 2.5, 3.5] * 40, None, ("quantity", ())),
    "numbers in text": ([f"$ {x}.50" for x in range(30)], None, ("quantity", ())),
    "few numbers in text": (["1", "2", "3"] * 9, None, ("classes", ("1", "2", "3"))),
    "ratings as asked": ([1, 2, 3, 4, 5] * 90, "quantity", ("quantity", ())),
    "two as asked": ([0, 1] * 9, "quantity", ("quantity", ())),
    "text as asked": (["1", "2"] * 9, "quantity", ("quantity", ())),
    "years as asked": (list(range(2000, 2020)) * 3, "class", ("classes", tuple(range(2000, 2020)))),
    "text numbers as asked": ([str(i) for i in range(20)] * 3, "class",
                              ("classes", tuple(sorted(map(str, range(20)))))),
}  # fmt: skip


@pytest.mark.parametrize("target", TASKS)
def test_task_of_a_target(target: str) -> None:
    values, wanted, expected = TASKS[target]
    task = infer_task(column(values), wanted)
    assert (task.kind, task.classes) == expected
    assert (task.reason == "as you asked") == (wanted is not None)
    assert task.is_quantity == (expected[0] == "quantity")
    assert Task.from_config(json.loads(json.dumps(task.to_config()))) == task


def test_the_name_can_say_that_few_whole_numbers_are_amounts() -> None:
    stars = read({"Star rating": [1, 2, 3, 4, 5] * 90})["Star rating"]
    assert infer_task(stars).is_quantity


def test_whole_numbers_taken_for_classes_are_said() -> None:
    assert infer_task(column(list(range(10)) * 10)).reason == (
        "10 different whole numbers, taken for classes; task 'quantity' takes them for amounts"
    )
    assert infer_task(column(["b", "a"] * 10)).reason == "2 different texts"
    assert infer_task(column(["1,5", "2,5", *(f"{i},25" for i in range(20))])).reason == (
        "numbers in text, such as 1,5"
    )


REFUSED = {
    "an unknown task": ([1, 2], "regression", r"The task is unknown\. Given: 'regression'\. "
                                              r"Expected: class or quantity"),
    "times": (np.array(["2013-01-31"] * 2, "M8[D]"), None,
              r"Target 'y' holds times\. Expected: numbers"),
    "nothing": ([None, np.nan], None, r"Target 'y' has no value in any row"),
    "missing words": (["", "NA"], None, r"Target 'y' has no value in any row"),
    "one number": ([5, 5, None], None, r"same value in every row, one class: .* Given: 5\. Exp"),
    "one label": (["a", "a"], None, r"same value in every row, one class: .* Given: 'a'"),
    "infinite": ([1.0, np.inf, 2.0], None, r"Target 'y' is not a number in row 1\. Given: 'inf'"),
    "labels as a quantity": (["1", "2", "red"], "quantity",
                             r"'y' is not a number in row 2\. Given: 'red'\. .* task 'class'"),
    "garbage": ([*map(str, range(40)), "x"], None, r"'y' is not a number in row 40\. Given: 'x'"),
    "names": ([f"name {i}" for i in range(40)], None,
              r"has 40 different labels in 40 rows: most come once only"),
    "measured classes": (np.linspace(0, 1, 40), "class", r"40 different labels in 40 rows"),
}  # fmt: skip


@pytest.mark.parametrize("target", REFUSED)
def test_targets_that_are_refused(target: str) -> None:
    values, wanted, message = REFUSED[target]
    with pytest.raises(ValueError, match=message):
        infer_task(column(values), wanted)


@pytest.mark.parametrize(
    ("values", "classes"),
    [(["no", "yes", None, "no"], ("no", "yes")), ([1.5, 0, np.nan, 1.5], (0, 1.5))],
)
def test_classes_to_numbers_and_back(values: list[Any], classes: tuple[Any, ...]) -> None:
    task = infer_task(column(values))
    codes = class_codes(column(values), task)
    assert task.classes == classes
    assert codes[2] == -1
    known = codes >= 0
    assert labels(task, codes[known]).tolist() == [v for i, v in enumerate(values) if i != 2]
    other = class_codes(column(["new", 7, "0"]), task)
    assert (other < len(classes)).all()
    assert other[0] == -1


def test_labels_of_text_may_come_back_as_numbers() -> None:
    task = infer_task(column(["10", "2", "x"] * 9))
    assert task.classes == ("10", "2", "x")
    assert class_codes(column([2.0, 10.0, 3.0, None]), task).tolist() == [1, 0, -1, -1]


def test_quantities() -> None:
    task = infer_task(column([*(f"{i},5 kg" for i in range(40)), None, ""]))
    found = quantities(column(["1.000,5 kg", "", None]), task)
    np.testing.assert_array_equal(found, [1000.5, np.nan, np.nan])
    np.testing.assert_array_equal(quantities(column([1, None]), task), [1, np.nan])
    with pytest.raises(ValueError, match=r"'y' is not a number in row 1\. Given: 'five'"):
        quantities(column(["1,5 kg", "five"]), task)
    times = column(np.array(["2013-01-31"], "M8[D]"))
    with pytest.raises(ValueError, match="holds times"):
        quantities(times, task)
    with pytest.raises(ValueError, match="holds times"):
        class_codes(times, Task("two classes", "", (0, 1)))
