"""Reports in real headless Chromium, in light and dark, narrow and wide."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Page, opened
from test_tabular_report import EVERY

from rosenblatt.tabular.report import Report

# Elements that are wider than the page and do not scroll inside it; text cut off in pictures.
OUTSIDE = """
(() => {
  const wide = document.documentElement.clientWidth;
  const inside = (one) => one.closest(".wide") && !one.matches(".wide");
  const out = [...document.querySelectorAll("main *")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width && !inside(one) && (box.right > wide + 1 || box.left < -1);
  });
  const start = (one) => one.outerHTML.slice(0, 99);
  return [document.documentElement.scrollWidth > wide, out.map(start)];
})()
"""
COLOURS = """
["rb-report", "tile", "warnings"].map((name) => {
  const style = getComputedStyle(document.querySelector("." + name));
  return [style.backgroundColor, style.color];
})
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with opened(tmp_path_factory.mktemp("profile")) as page:
        yield page


def found(page: Page, expression: str) -> list:
    reply = page.ask("Runtime.evaluate", expression=expression, returnByValue=True)
    return list(reply["result"]["value"])


def lightness(colour: str) -> float:
    """Relative luminance of "rgb(r, g, b)", as WCAG 2 defines it."""
    parts = [int(one) / 255 for one in colour[4:-1].split(",")]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1200])
@pytest.mark.parametrize("name", ["a quantity", "five classes", "a hostile quantity"])
def test_a_report_fits_and_is_read(
    name: str, width: int, scheme: str, page: Page, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    Report(EVERY[name]).to_html(path)
    page.errors.clear()
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.ask("Emulation.setEmulatedMedia", features=features)
    size = {"width": width, "height": 3000, "deviceScaleFactor": 1, "mobile": False}
    page.ask("Emulation.setDeviceMetricsOverride", **size)
    page.ask("Page.navigate", url="about:blank")
    page.ask("Page.navigate", url=path.as_uri())
    text = page.shows(["Pictures", "Calibration" if "classes" in name else "Residuals"])
    folder = os.environ.get("ROSENBLATT_SCREENSHOTS")
    if folder:
        page.picture(Path(folder) / f"report_{name.replace(' ', '_')}_{width}_{scheme}.png")
    assert "Scores on" in text and page.errors == []
    assert found(page, OUTSIDE) == [False, []]
    if "hostile" in name:
        assert "<script>alert('x')</script>" in text  # as text
    if "quantity" in name:
        for background, ink in found(page, COLOURS):
            low, high = sorted([lightness(background), lightness(ink)])
            assert (high + 0.05) / (low + 0.05) >= 7
            assert (lightness(background) > lightness(ink)) == (scheme == "light")
