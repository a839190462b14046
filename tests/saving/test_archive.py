"""A `.keras` file is written from front to back, as `zipfile` itself would write its members."""

from __future__ import annotations

import io
import json
import time
import zipfile

import numpy as np
import pytest

from rosenblatt.saving.archive import CONFIG, METADATA, WEIGHTS, write_archive
from rosenblatt.saving.hdf5_write import WeightsWriter


class FrontToBack(io.BytesIO):
    """A file that is never written before its end."""

    def write(self, data: object) -> int:
        assert self.tell() == len(self.getbuffer())
        return super().write(data)  # type: ignore[arg-type]


def writer(packed: bool) -> WeightsWriter:
    made = WeightsWriter(packed)
    made.store("layers/dense", "dense")["0"] = np.arange(4000, dtype="float32")
    return made


@pytest.mark.parametrize("packed", [False, True])
def test_members_are_as_zipfile_writes_them(packed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.localtime()
    monkeypatch.setattr(time, "localtime", lambda *_: now)
    metadata, config = {"keras_version": "3"}, {"name": "größer"}
    assets = {"assets/wörter.txt": b"a\nb", "assets/empty": b""}
    ours = io.BytesIO() if packed else FrontToBack()
    write_archive(ours, metadata, config, writer(packed), assets)
    theirs = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(theirs, "w", method) as archive:
        archive.writestr(METADATA, json.dumps(metadata))
        archive.writestr(CONFIG, json.dumps(config))
        archive.writestr(WEIGHTS, bytes(writer(packed).content()))
        for name, content in assets.items():
            archive.writestr(name, content)
    assert ours.getvalue() == theirs.getvalue()
    assert zipfile.ZipFile(ours).testzip() is None
