"""A model of a raw table over HTTP: the answers are those of `predict`, in each form."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from served_models import CSV, JSON, Client, dear_model, houses, price_model, rows_of, running

from rosenblatt.serving.table_columns import Asked, predicted_columns
from rosenblatt.tables import read
from rosenblatt.tabular import TabularClassifier, TabularRegressor

SOME = slice(3, 9)


@pytest.fixture(scope="module")
def price() -> TabularRegressor:
    return price_model()


@pytest.fixture(scope="module")
def dear() -> TabularClassifier:
    return dear_model()


@pytest.fixture(scope="module")
def prices(price: TabularRegressor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """From a file."""
    path = tmp_path_factory.mktemp("run") / "model.keras"
    price.save(path)
    with running(path) as client:
        yield client


@pytest.fixture(scope="module")
def dears(dear: TabularClassifier) -> Iterator[Client]:
    """The estimator itself."""
    with running(dear) as client:
        yield client


def as_csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def expected(model: Any, rows: list[dict[str, Any]], asked: Asked | None = None) -> list[dict]:
    columns = dict(predicted_columns(model, read(rows), asked or Asked()))
    ids = [row["id"] for row in rows] if "id" in rows[0] else None
    found = [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]
    return found if ids is None else [{"id": i, **row} for i, row in zip(ids, found, strict=True)]


def test_each_form_of_rows_gives_what_predict_gives(prices: Client, price: Any) -> None:
    table = houses()
    rows = rows_of(table, SOME)
    wanted = expected(price, rows)
    assert prices.predict(rows).predictions == wanted
    assert prices.predict({name: column[SOME] for name, column in table.items()}).predictions == (
        wanted
    )
    turned = [dict(reversed(row.items())) for row in rows]
    assert prices.predict(turned).predictions == wanted
    from_csv = prices.predict(as_csv(rows), accept=JSON).predictions
    assert from_csv == wanted
    one = {name: value for name, value in rows[0].items() if name != "id"}
    assert prices.predict(one).predictions == [
        {"prediction": pytest.approx(wanted[0]["prediction"], rel=1e-5)}
    ]


def test_the_kind_of_the_answer(prices: Client) -> None:
    rows = rows_of(houses(), SOME)
    wanted = prices.predict(rows).predictions
    for value, headers in (
        (rows, {"accept": CSV}),
        (as_csv(rows), {}),
        (as_csv(rows), {"accept": "*/*"}),
    ):
        reply = prices.predict(value, **headers)
        assert reply.headers["content-type"] == f"{CSV}; charset=utf-8"
        found = list(csv.DictReader(io.StringIO(reply.body.decode())))
        assert [row["id"] for row in found] == [row["id"] for row in wanted]
        assert [float(row["prediction"]) for row in found] == [row["prediction"] for row in wanted]


def test_intervals(prices: Client, price: Any) -> None:
    rows = rows_of(houses(), SOME)
    found = prices.predict(rows, "?interval=0.8").predictions
    assert found == expected(price, rows, Asked(interval=0.8))
    assert all(row["low"] < row["prediction"] < row["high"] for row in found)
    reply = prices.predict(rows, "?interval=0.9999")
    assert reply.status == 422
    assert "rows" in reply.json["error"]
    reply = prices.predict(rows, "?threshold=0.2")
    assert (reply.status, reply.json["error"]) == (
        422,
        "A threshold is for two classes. Given: a model of quantity.",
    )


def test_classes_with_a_probability_for_each(dears: Client, dear: Any) -> None:
    rows = rows_of(houses(), slice(0, 40))
    found = dears.predict(rows).predictions
    assert found == expected(dear, rows)
    assert list(found[0]) == ["id", "prediction", "probability_cheap", "probability_dear, very"]
    assert found[0]["probability_cheap"] + found[0]["probability_dear, very"] == pytest.approx(1)
    sure = dears.predict(rows, "?threshold=0.99").predictions
    assert sure == expected(dear, rows, Asked(threshold=0.99))
    reply = dears.predict(rows, "?interval=0.9")
    assert (reply.status, reply.json["error"]) == (
        422,
        "An interval is for quantities. Given: a model of two classes. "
        "Fix: leave it out: the probabilities say how sure each row is.",
    )


def test_gaps_and_unseen_words(prices: Client, price: Any) -> None:
    rows = [{"sea": None, "rooms": None, "area": None, "sold": None}] * 2
    rows += [{"sea": "a new word", "rooms": "many", "area": 1e300, "sold": "someday"}]
    found = prices.predict(rows).predictions
    assert all(np.isfinite(row["prediction"]) for row in found)
    alone = [prices.predict([row]).predictions[0] for row in rows[:2]]
    assert alone == found[:2]


def test_columns_are_checked_by_name(prices: Client) -> None:
    row = rows_of(houses(), SOME)[0]
    known = ["sea", "rooms", "area", "sold"]
    lacking = {name: value for name, value in row.items() if name != "area"}
    reply = prices.predict([lacking | {"aera": 3}])
    assert reply.status == 422
    assert reply.json == {
        "error": "The columns do not fit the model: 'area' is missing; 'aera' is unknown. Given: "
        "id, sea, rooms, sold, aera. Expected: sea, rooms, area, sold. Fix: did you mean 'area'?",
        "given": ["id", "sea", "rooms", "sold", "aera"],
        "expected": known,
        "fix": "did you mean 'area'?",
        "missing": ["area"],
        "unknown": ["aera"],
    }
    reply = prices.predict(as_csv([lacking]))
    assert (reply.status, reply.json["missing"]) == (422, ["area"])
    assert "unknown" not in reply.json
    assert prices.predict([row | {"price": 1}]).status == 200  # the target may come along
    reply = prices.predict([row, lacking])
    assert reply.status == 422
    assert reply.json["error"] == (
        "Row 1 has other columns than row 0. Given: id, sea, rooms, sold. Expected: id, sea, "
        "rooms, area, sold. Fix: write null where a value is missing."
    )


REFUSED = {
    "no JSON": (b"{", 400, "The body is not JSON."),
    "no number": (b'[{"area": NaN}]', 400, "JSON has no such number."),
    "deep": (b"[" * 100_000, 400, "The body is not JSON."),
    "digits": (b'{"area": ' + b"9" * 5000 + b"}", 400, "The body is not JSON."),
    "bytes": (b"\xff\xfe\x00\x01", 400, "The body is not JSON."),
    "no rows": (b"[]", 422, "There is no row to predict for."),
    "no cells": (b"[{}]", 422, "The columns do not fit the model: 'sea', 'rooms', 'area',"),
    "a text": (b'"area"', 422, "The rows have another form. Given: a text."),
    "lists": (b"[[1, 2, 3, 4]]", 422, "The rows have another form. Given: a list of a list."),
    "lengths": (
        b'{"sea": ["a"], "rooms": [1, 2], "area": [1], "sold": [null]}',
        422,
        "The columns do not have the same length. Given: 1 values in 'sea', 2 values in 'rooms', "
        "1 values in 'area', 1 values in 'sold'.",
    ),
    "half a column": (b'{"sea": ["a"], "rooms": 2}', 422, "Column 'rooms' is not a list."),
    "a nest": (
        b'[{"sea": ["a"], "rooms": 2, "area": 3, "sold": null}]',
        422,
        "Column 'sea' does not hold a single value in row 0. Given: a list of a text.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_bodies_that_are_refused(name: str, prices: Client) -> None:
    body, status, text = REFUSED[name]
    reply = prices.ask("POST", "/predict", body, content_type=JSON)
    assert (reply.status, reply.json["error"][: len(text)]) == (status, text)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "The body is empty."),
        (b"sea,rooms,area,sold\n", "The body: the table is empty."),
        (b"<!doctype html><html></html>", "The body: not a kind of file this library reads."),
        (b"\x00\x01\x02" * 99, "The body"),
        (b"PK\x03\x04" + b"\x00" * 40, "The body"),
    ],
)
def test_bodies_of_csv_that_are_refused(body: bytes, text: str, prices: Client) -> None:
    reply = prices.ask("POST", "/predict", body, content_type=CSV)
    assert reply.status in (400, 422)
    assert reply.json["error"].startswith(text)


def test_the_first_line_of_csv_has_the_names_whatever_they_look_like(prices: Client) -> None:
    rows = rows_of(houses(), slice(0, 1))
    text = "sold,sea,rooms,area\n" + ",".join(
        str(rows[0][name] or "") for name in ("sold", "sea", "rooms", "area")
    )
    assert len(prices.predict(text, accept=JSON).predictions) == 1


def test_the_address_is_checked(prices: Client) -> None:
    rows = rows_of(houses(), SOME)
    for query, text in {
        "?intervall=0.9": "The address asks for 'intervall', which does not exist.",
        "?interval=": "The address asks for a wrong 'interval'.",
        "?interval=nan": "The address asks for a wrong 'interval'. Given: nan.",
        "?interval=1": "The address asks for a wrong 'interval'. Given: 1.",
    }.items():
        reply = prices.predict(rows, query)
        assert (reply.status, reply.json["error"][: len(text)]) == (422, text)


def test_headers_are_checked(prices: Client) -> None:
    rows = rows_of(houses(), SOME)
    body = json.dumps(rows).encode()
    assert prices.predict(rows, accept="text/html").status == 406
    assert prices.predict(rows, accept="text/csv;q=0, application/json;q=0.1").status == 200
    reply = prices.ask("POST", "/predict", body)
    assert reply.status == 415
    assert reply.json == {
        "error": "The body is not of a kind that is read. Given: no Content-Type. Expected: "
        "application/json, text/csv. Fix: with curl: -H 'Content-Type: application/json'",
        "given": "no Content-Type",
        "expected": [JSON, CSV],
        "fix": "with curl: -H 'Content-Type: application/json'",
    }
    assert prices.predict(rows, content_encoding="gzip").status == 415
    assert prices.predict(rows, content_type=f"{JSON}; charset=utf-8").status == 200


def test_the_other_routes(prices: Client, dears: Client) -> None:
    assert prices.get("/health").json == {"status": "ready", "waiting": 0}
    version = prices.get("/version").json
    assert {"rosenblatt", "python", "jax", "numpy", "model"} <= set(version)
    assert version["model"]["fingerprint"].startswith("sha256:")
    assert dears.get("/version").json["model"]["fingerprint"].startswith("weights:")
    for path, method, status in (("/nothing", "GET", 404), ("/predict", "GET", 405)):
        reply = prices.ask(method, path)
        assert (reply.status, list(reply.json)) == (status, ["error"])
    page = prices.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_the_schema_says_what_to_send(prices: Client, dears: Client) -> None:
    schema = prices.get("/schema").json
    assert schema["kind"] == "table"
    assert (schema["task"], schema["target"], schema["classes"]) == ("quantity", "price", [])
    kinds = {column["name"]: column["kind"] for column in schema["columns"]}
    assert kinds == {"sea": "category", "rooms": "number", "area": "number", "sold": "date"} or (
        kinds["rooms"] in ("number", "category")
    )
    assert schema["also_taken"] == ["id", "price"]
    assert set(schema["columns"][0]["words"]) == {"near", "far", "inland"}
    assert 60 < schema["example"]["area"] < 100
    assert schema["example"]["sold"].startswith("201")
    assert (schema["intervals"], schema["limits"]["rows"]) == (True, 100_000)
    assert prices.predict(schema["example"]).status == 200
    schema = dears.get("/schema").json
    assert (schema["task"], schema["intervals"], schema["threshold"]) == (
        "two classes",
        False,
        True,
    )
    assert schema["classes"] == ["cheap", "dear, very"]
    assert dears.predict(schema["example"]).status == 200


def test_a_path_and_what_is_no_model(tmp_path: Path) -> None:
    from rosenblatt.serving.models import served

    with pytest.raises(ValueError, match="no such model"):
        served(tmp_path / "nothing.keras")
    with pytest.raises(TypeError, match="serving: this is not a model"):
        served(3)  # type: ignore[arg-type]
