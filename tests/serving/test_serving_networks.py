"""A network over HTTP: named features, nested lists, images and several inputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from served_models import JSON, Client, network, running

import rosenblatt as rb
from rosenblatt.serving import served_network
from rosenblatt.serving.features import features_of
from rosenblatt.serving.models import served
from rosenblatt.serving.table_columns import Asked
from rosenblatt.tables import read
from rosenblatt.tables.plain import numbers

NAMES = ["age", "size", "born"]
ORIGIN = 1_700_000_000


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with named features, one of which is counted from a number."""
    folder = tmp_path_factory.mktemp("run")
    network().save(folder / "model.keras")
    facts = {"data": "t.csv", "target": "price", "features": NAMES, "classes": None}
    (folder / "metrics.json").write_text(json.dumps(facts | {"origins": {"born": ORIGIN}}))
    return folder


def values(rows: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(rows, 3)).round(3)


def predicted(x: np.ndarray) -> list[float]:
    return network().predict(x.astype("float32"), verbose=0)[:, 0].tolist()


def answers(reply: Any) -> list[float]:
    return [row["prediction"] for row in reply.predictions]


def test_named_features(run: Path) -> None:
    x = values(5)
    wanted = predicted(x)
    born = [float(v) + ORIGIN for v in x[:, 2].round()]
    x[:, 2] = x[:, 2].round()
    wanted = predicted(x)
    table = {"age": x[:, 0].tolist(), "size": x[:, 1].tolist(), "born": born}
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    with running(run) as client:
        assert answers(client.predict(rows)) == wanted
        assert answers(client.predict([dict(reversed(row.items())) for row in rows])) == wanted
        assert answers(client.predict({**table, "price": [0] * 5})) == wanted
        lists = [list(row.values()) for row in rows]
        assert answers(client.predict(lists)) == wanted
        assert answers(client.predict(lists[0])) == predicted(x[:1])
        text = "\n".join([",".join(table), *(",".join(map(str, row)) for row in lists)])
        assert answers(client.predict(text, accept=JSON)) == wanted
        schema = client.get("/schema").json
        assert [column["name"] for column in schema["columns"]] == NAMES
        assert schema["example"]["born"] == ORIGIN
        assert (schema["kind"], schema["target"]) == ("network", "price")
        refusals(client)


@pytest.mark.parametrize(
    "values", [[1, 2], [1.5, -2], [True, False], ["3", "4.5"], [2**53, 2**53 + 1], [1e17, 5]]
)
def test_plain_numbers_are_read_as_a_table_has_them(values: list[Any]) -> None:
    """Whichever way is taken, with an origin that float32 would lose and without."""
    for origins in ({}, {"x0": 2**53 - 4}):
        model = served_network.ServedNetwork(network(3), {"origins": origins}, "a network")
        columns = {"x0": values, "x1": [0, 1], "x2": [0.5, 1]}
        found = model.read(columns, Asked(), 9).parts[0]
        table = features_of(numbers(read(columns)), list(columns), origins)
        np.testing.assert_array_equal(found, table)


def refusals(client: Client) -> None:
    """What does not fit a network of named features."""
    reply = client.predict({"age": [1], "size": [2]})
    assert (reply.status, reply.json["missing"]) == (422, ["born"])
    reply = client.predict({"age": [None], "size": [2], "born": [3]})
    assert reply.status == 422
    assert "'age'" in reply.json["error"]
    reply = client.predict({"age": ["old"], "size": [2], "born": [3]})
    assert (
        reply.status,
        "do not hold numbers" in reply.json["error"]
        or "does not hold numbers" in reply.json["error"],
    ) == (422, True)
    for rows in ([[1, 2]], [[1, 2, 3], [1]], [[1, 2, "3"]], [[1, 2, [3]]], [[1, 2, 10**400]]):
        reply = client.predict(rows)
        assert (reply.status, "numbers of shape (rows, 3)" in reply.json["error"]) == (422, True)
    reply = client.predict([[1, 2, 1e300]])
    assert reply.status == 422
    assert "infinity" in reply.json["error"].lower()
    reply = client.predict([[1, 2, 3]], "?interval=0.9")
    assert reply.json["error"] == (
        "`interval` and `threshold` are for models of raw tables. Fix: leave them out."
    )


def test_a_file_without_facts_takes_columns_by_their_places() -> None:
    x = values(2)
    with running(network()) as client:
        assert client.get("/schema").json["example"] == {"x0": 0, "x1": 0, "x2": 0}
        assert answers(client.predict(x.tolist())) == predicted(x)
        text = "\n".join(["a,b,c", *(",".join(map(str, row)) for row in x.tolist())])
        assert answers(client.predict(text, accept=JSON)) == predicted(x)
        named = {f"x{place}": x[:, place].tolist() for place in (2, 0, 1)}
        assert answers(client.predict(named)) == predicted(x)
        assert client.predict({"a": [1], "b": [2], "c": [3]}).status == 422
        assert client.predict("a,b\n1,2\n").status == 422


def test_classes_of_images(tmp_path: Path) -> None:
    model = rb.Sequential(
        [rb.Input((4, 4)), rb.layers.Flatten(), rb.layers.Dense(3, activation="softmax")]
    )
    model.save(tmp_path / "model.keras")
    facts = {"data": "digits", "target": "digit", "features": [], "classes": ["a", "b", "c"]}
    (tmp_path / "metrics.json").write_text(json.dumps(facts))
    x = np.random.default_rng(0).random((3, 4, 4)).round(3)
    outputs = model.predict(x.astype("float32"), verbose=0)
    with running(tmp_path) as client:
        found = client.predict(x.tolist()).predictions
        assert [row["prediction"] for row in found] == ["abc"[n] for n in outputs.argmax(1)]
        assert [row["probability"] for row in found] == pytest.approx(outputs.max(1), abs=1e-6)
        assert client.predict("a,b\n1,2\n").status == 415
        reply = client.predict(x[:, :3].tolist())
        assert reply.json["error"] == (
            "The body has another shape. Given: shape (3, 3, 4). Expected: numbers of shape "
            "(rows, 4, 4)."
        )
        schema = client.get("/schema").json
        assert (schema["columns"], schema["classes"]) == ([], ["a", "b", "c"])
        assert client.predict(schema["example"]).status == 200


def test_several_inputs_and_outputs() -> None:
    wide, deep = rb.Input((2,), name="wide"), rb.Input((3,), name="deep")
    joined = rb.layers.Concatenate()([wide, rb.layers.Dense(4)(deep)])
    outputs = {"cost": rb.layers.Dense(1)(joined), "spot": rb.layers.Dense(2)(joined)}
    model = rb.Model({"wide": wide, "deep": deep}, outputs)
    given = {"wide": [[1, 2], [3, 4]], "deep": [[1, 0, 1], [0, 1, 0]]}
    wanted = model.predict({name: np.array(v, "float32") for name, v in given.items()}, verbose=0)
    with running(model) as client:
        for form in (
            given,
            [{"wide": [1, 2], "deep": [1, 0, 1]}, {"wide": [3, 4], "deep": [0, 1, 0]}],
        ):
            found = client.predict(form).predictions
            assert [row["cost"] for row in found] == wanted["cost"][:, 0].tolist()
            assert [row["spot_1"] for row in found] == wanted["spot"][:, 1].tolist()
        assert client.predict({"wide": [[1, 2]]}).json["missing"] == ["deep"]
        assert client.predict(given | {"deep": [[1, 0], [0, 1]]}).status == 422
        schema = client.get("/schema").json
        assert {one["name"]: one["shape"] for one in schema["inputs"]} == {"wide": [2], "deep": [3]}
        assert client.predict(schema["example"]).status == 200


def test_texts_and_ids() -> None:
    words, ids = (
        rb.Input((1,), dtype="string", name="word"),
        rb.Input((1,), dtype="int32", name="id"),
    )
    looked = rb.layers.StringLookup(vocabulary=["near", "far"], output_mode="one_hot")(words)
    vector = rb.layers.Flatten()(rb.layers.Embedding(5, 2)(ids))
    out = rb.layers.Dense(1)(rb.layers.Concatenate()([looked, vector]))
    model = rb.Model({"word": words, "id": ids}, out)
    with running(model) as client:
        rows = [{"word": ["near"], "id": [1]}, {"word": ["new"], "id": [4]}]
        both = client.predict(rows).predictions
        assert both == [client.predict([row]).predictions[0] for row in rows]
        for bad, text in (
            ({"word": [3], "id": [1]}, "texts"),
            ({"word": ["a"], "id": [1.5]}, "whole"),
        ):
            reply = client.predict([bad])
            assert (reply.status, text in reply.json["error"]) == (422, True)


@pytest.mark.filterwarnings("ignore:predict. 1 of:RuntimeWarning")
def test_what_is_not_a_number_is_null() -> None:
    model = rb.Sequential([rb.Input((1,)), rb.layers.Lambda(lambda x: rb.ops.log(x))])
    with running(model) as client:
        found = client.predict([[1.0], [0.0], [-1.0]]).predictions
        assert found == [{"prediction": 0.0}, {"prediction": None}, {"prediction": None}]
        reply = client.predict("x0\n-1\n")
        assert reply.body == b'prediction\n""\n'


def test_a_model_whose_inputs_are_unknown() -> None:
    class Own(rb.Model):
        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(ValueError, match="the inputs of this model are unknown"):
        served(Own())
