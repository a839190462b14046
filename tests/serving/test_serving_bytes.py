"""Any bytes as a body: a prediction or a refusal with its reason, never an error of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from served_models import CSV, JSON, Client, network, price_model, running

CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["near", "2012-05-01", "1,5", "10" * 200, "\ud800", "", "inf", "nan"]),
)
NAMES = st.one_of(
    st.sampled_from(["sea", "rooms", "area", "sold", "id", "x0", "x1", "x2"]), st.text()
)
ROW = st.fixed_dictionaries(dict.fromkeys(["sea", "rooms", "area", "sold"], CELLS)) | (
    st.fixed_dictionaries(dict.fromkeys(["x0", "x1", "x2"], CELLS))
)
VALUES = st.recursive(
    CELLS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5)
)
BODIES = st.one_of(
    st.binary(max_size=300),
    st.one_of(VALUES, ROW, st.lists(ROW, max_size=3)).map(lambda value: json.dumps(value).encode()),
    st.tuples(st.sampled_from(["sea,rooms,area,sold", "x0,x1,x2", "x0;x1;x2"]), st.text()).map(
        lambda lines: "\n".join(lines).encode("utf-8", "surrogatepass")
    ),
)


@pytest.fixture(scope="module")
def clients() -> Iterator[list[Client]]:
    with running(price_model()) as one, running(network(3)) as other:
        yield [one, other]


def check(clients: list[Client], body: bytes, kind: str) -> None:
    for client in clients:
        reply = client.ask("POST", "/predict", body, content_type=kind, accept=JSON)
        assert reply.status in (200, 400, 413, 415, 422), (reply, body)
        assert ("predictions" in reply.json) == (reply.status == 200)
        assert reply.status == 200 or reply.json["error"]


@settings(max_examples=60)
@given(body=BODIES, kind=st.sampled_from([JSON, CSV]))
def test_any_bytes(clients: list[Client], body: bytes, kind: str) -> None:
    check(clients, body, kind)


@pytest.mark.soak
@settings(max_examples=20_000)
@given(body=BODIES, kind=st.sampled_from([JSON, CSV]))
def test_any_bytes_often(clients: list[Client], body: bytes, kind: str) -> None:
    check(clients, body, kind)
