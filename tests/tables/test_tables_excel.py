"""Workbooks of Excel: which sheet is read, and what is said where none is."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from rosenblatt.tables import read

Rows = Sequence[Sequence[str | float | None]]

ROWS: Rows = [["age", "price", "sea"], [31, 1.5, "near"], [None, 2.5, "far"], [45, None, None]]
CELLS = [["31", "1.5", "near"], [None, "2.5", "far"], ["45", None, None]]
OFFICE = "http://schemas.openxmlformats.org"
MAIN, LINKS = f"{OFFICE}/spreadsheetml/2006/main", f"{OFFICE}/package/2006/relationships"
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def relations(targets: Sequence[tuple[str, str]]) -> str:
    return f'<Relationships xmlns="{LINKS}">' + "".join(
        f'<Relationship Id="r{place}" Type="{OFFICE}/officeDocument/2006/relationships/{kind}" '
        f'Target="{target}"/>'
        for place, (kind, target) in enumerate(targets, 1)
    ) + "</Relationships>"  # fmt: skip


def cell(place: str, value: str | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def sheet(rows: Rows) -> str:
    lines = (
        f'<row r="{row}">'
        + "".join(cell(f"{'ABC'[column]}{row}", value) for column, value in enumerate(values))
        + "</row>"
        for row, values in enumerate(rows, 1)
    )
    return f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def workbook(sheets: Mapping[str, Rows]) -> bytes:
    """The least that is a workbook."""
    parts = [f"xl/worksheets/sheet{place}.xml" for place in range(1, len(sheets) + 1)]
    kinds = {"xl/workbook.xml": "sheet.main"} | dict.fromkeys(parts, "worksheet")
    overrides = "".join(
        f'<Override PartName="/{part}" ContentType="{TYPES}.{kind}+xml"/>'
        for part, kind in kinds.items()
    )
    names = "".join(
        f'<sheet name="{name}" sheetId="{place}" r:id="r{place}"/>'
        for place, name in enumerate(sheets, 1)
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{OFFICE}/package/2006/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f"{overrides}</Types>",
        )
        archive.writestr("_rels/.rels", relations([("officeDocument", "xl/workbook.xml")]))
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}/officeDocument/2006/relationships">'
            f"<sheets>{names}</sheets></workbook>",
        )
        links = [("worksheet", part.removeprefix("xl/")) for part in parts]
        archive.writestr("xl/_rels/workbook.xml.rels", relations(links))
        for part, rows in zip(parts, sheets.values(), strict=True):
            archive.writestr(part, sheet(rows))
    return file.getvalue()


def written(folder: Path, content: bytes, name: str = "homes.xlsx") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def error(path: Path, kind: type[Exception] = ValueError) -> str:
    with pytest.raises(kind) as info:
        read(path)
    return str(info.value)


@pytest.mark.parametrize(
    ("sheets", "notes"),
    [
        ({"Data": ROWS}, []),
        ({"Empty": [], "Data": ROWS, "More": ROWS}, ["Of 3 sheets 'Data' is read."]),
    ],
)
def test_the_first_sheet_with_a_table(
    sheets: dict[str, Rows], notes: list[str], tmp_path: Path
) -> None:
    pytest.importorskip("fastexcel", reason="the extra `excel`, which locks/test.txt has")
    table = read(written(tmp_path, workbook(sheets)))
    assert table.names == ["age", "price", "sea"]
    assert [[c.text(row) for c in table.columns.values()] for row in range(table.rows)] == CELLS
    assert table.notes == notes


def test_what_is_no_workbook(tmp_path: Path) -> None:
    pytest.importorskip("fastexcel", reason="the extra `excel`, which locks/test.txt has")
    path = written(tmp_path, workbook({"Empty": []}))
    assert error(path) == (f"{path}: the table is empty. Expected: a header and at least one row.")
    for content in (b"text", b"\xd0\xcf\x11\xe0 no"):
        path = written(tmp_path, content)
        said = error(path)
        assert said.startswith(
            f"{path}: the file is damaged or not what its ending says. Given: calamine error: "
        )
        assert said.endswith(". Expected: a workbook of Excel.")


def test_without_fastexcel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastexcel", None)
    path = written(tmp_path, workbook({"Data": ROWS}), "homes.csv")
    assert error(path, ImportError) == (
        f"{path}: reading workbooks: an optional dependency is missing. Expected: an installed "
        "'fastexcel'. Fix: pip install \"rosenblatt[tables]\", or save the sheet as CSV."
    )
