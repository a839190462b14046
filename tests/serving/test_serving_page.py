"""The page to try a model with, in real headless Chromium."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Page, opened
from served_models import Client, dear_model, houses, network, price_model, rows_of, running

import rosenblatt as rb
from rosenblatt.serving.models import served

# What of the page is wider than the window.
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Text whose colour is hardly another one than that of what is behind it.
UNREADABLE = """
(() => {
  const light = (color) => {
    const parts = color.match(/[\\d.]+/g).map(Number);
    const [r, g, b] = parts.map((v) => v / 255)
      .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    const color = getComputedStyle(node).backgroundColor;
    return color === "rgba(0, 0, 0, 0)" ? behind(node.parentElement) : color;
  };
  const kinds = "h1, h2, p, b, label, input, select, button, td, th, pre, a, summary";
  return [...document.querySelectorAll(kinds)]
    .filter((node) => node.offsetParent !== null && (node.textContent.trim() || node.value))
    .filter((node) => {
      const [one, other] = [light(getComputedStyle(node).color), light(behind(node))].sort();
      return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05) < 4.5;
    })
    .map((node) => node.tagName + " " + node.textContent);
})()
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with opened(tmp_path_factory.mktemp("profile")) as page:
        yield page


def open_at(page: Page, client: Client, words: list[str]) -> str:
    page.errors.clear()
    page.ask("Page.navigate", url="about:blank")
    page.ask("Page.navigate", url=f"http://127.0.0.1:{client.port}/")
    return page.shows(words)


def run(page: Page, code: str) -> object:
    reply = page.ask("Runtime.evaluate", expression=code, returnByValue=True)
    assert "exceptionDetails" not in reply, reply
    return reply["result"].get("value")


def set_field(page: Page, name: str, value: str) -> None:
    run(page, f"document.querySelector('[name={name}]').value = {value!r}; 0")


def press(page: Page) -> None:
    run(page, "document.getElementById('prediction').textContent = ''; 0")
    run(page, "document.getElementById('predict').click(); 0")


def keep(page: Page, name: str) -> None:
    folder = os.environ.get("ROSENBLATT_SCREENSHOTS")
    if folder:
        page.picture(Path(folder) / f"serving_{name}.png")


def test_a_quantity(page: Page) -> None:
    model, row = price_model(), rows_of(houses(), slice(3, 4))[0]
    with running(model) as client:
        text = open_at(page, client, ["Predicts price.", "sold", "Interval"])
        assert [name for name in ("sea", "rooms", "area", "sold") if name not in text] == []
        for name in ("sea", "rooms", "area", "sold"):
            set_field(page, name, "" if row[name] is None else str(row[name]))
        wanted = client.predict([row], "?interval=0.9").predictions[0]
        press(page)
        shown = [f"{wanted[name]:.6g}" for name in ("prediction", "low", "high")]
        text = page.shows(["between", *shown])
        assert [word for word in shown if word not in text] == []
        keep(page, "quantity")
        set_field(page, "sold", "")  # a gap
        press(page)
        gap = client.predict([row | {"sold": None}], "?interval=0.9").predictions[0]
        assert f"{gap['prediction']:.6g}" in page.shows([f"{gap['prediction']:.6g}"])
        assert page.errors == []


def test_classes_light_and_dark_wide_and_narrow(page: Page) -> None:
    model = dear_model()
    with running(model) as client:
        open_at(page, client, ["Predicts dear: cheap, dear, very.", "sold"])
        press(page)
        example = client.get("/schema").json["example"]
        wanted = client.predict([example]).predictions[0]
        chances = [
            f"{100 * wanted[f'probability_{name}']:.1f} %" for name in ("cheap", "dear, very")
        ]
        text = page.shows([wanted["prediction"], *chances])
        assert [word for word in (wanted["prediction"], *chances) if word not in text] == []
        backs = set()
        for scheme in ("light", "dark"):
            features = [{"name": "prefers-color-scheme", "value": scheme}]
            page.ask("Emulation.setEmulatedMedia", features=features)
            backs.add(run(page, "getComputedStyle(document.body).backgroundColor"))
            assert run(page, UNREADABLE) == []
            for width in (1400, 360):
                page.ask(
                    "Emulation.setDeviceMetricsOverride",
                    width=width, height=900, deviceScaleFactor=1, mobile=False,
                )  # fmt: skip
                assert run(page, TOO_WIDE) == 0
                keep(page, f"{scheme}_{width}")
        page.ask("Emulation.clearDeviceMetricsOverride")
        page.ask("Emulation.setEmulatedMedia", features=[])
        assert len(backs) == 2
        assert page.errors == []


def test_what_the_server_refuses_is_shown(page: Page) -> None:
    with running(network(3)) as client:
        open_at(page, client, ["x0", "x1", "x2"])
        set_field(page, "x1", "many")
        press(page)
        text = page.shows(["does not hold numbers"])
        assert "column 'x1' does not hold numbers" in text
        set_field(page, "x1", "1e-2")
        press(page)
        wanted = client.predict([[0, 0.01, 0]]).predictions[0]["prediction"]
        assert f"{wanted:.6g}" in page.shows([f"{wanted:.6g}"])
        assert run(page, "document.getElementById('error').hidden") is True


def test_a_table_in_a_file_and_rows_as_json(page: Page, tmp_path: Path) -> None:
    with running(network(3)) as client:
        open_at(page, client, ["A table in a CSV file", "x2"])
        run(
            page,
            """(() => {
              const files = new DataTransfer();
              files.items.add(new File(["x0,x1,x2\\n" + "1,2,3\\n".repeat(25)], "rows.csv"));
              document.getElementById("file").files = files.files;
              document.getElementById("file").dispatchEvent(new Event("change"));
            })()""",
        )
        assert "The first 20 of 25 rows." in page.shows(["The first 20 of 25 rows.", "Download"])
        assert run(page, "document.querySelectorAll('#table tr').length") == 21
    images = rb.Sequential([rb.Input((2, 2)), rb.layers.Flatten(), rb.layers.Dense(1)])
    assert served(images).schema()["columns"] == []
    with running(images) as client:
        open_at(page, client, ["Rows as JSON"])
        run(page, "document.getElementById('rows').value = '[[[1, 2], [3, 4]]]'; 0")
        press(page)
        wanted = client.predict([[[1, 2], [3, 4]]]).predictions[0]["prediction"]
        assert f"{wanted:.6g}" in page.shows([f"{wanted:.6g}"])
        assert page.errors == []
