"""The real server on our files, asked over HTTP; the command line; curves."""

from __future__ import annotations

import functools
import json
import re
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.cli import main

pytest.importorskip("tensorboard", reason="needs the extra tensorboard")

from calls import fit, write_all


@functools.cache
def activations() -> np.ndarray:
    """What a hidden layer gives for five rows: (5, 4) float32."""
    inputs = rb.Input((3,))
    hidden = rb.layers.Dense(4, "tanh")
    model = rb.Model(inputs, rb.layers.Dense(1)(hidden(inputs)))
    rows = np.arange(15, dtype="float32").reshape(5, 3)
    return rb.Model(model.inputs, hidden.output).predict(rows, verbose=0)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    fit(rb, folder / "run", histogram_freq=1)
    with rb.summary.create_file_writer(folder / "calls").as_default():
        write_all(rb.summary, rb.tensorboard.hparams)
        rb.summary.embedding("points", [[1, 2], [3, 4]], step=0, metadata=["a", "b"])
        pictures = np.linspace(0, 1, 5 * 2 * 3).reshape(5, 2, 3, 1)
        rb.summary.embedding(
            "hidden", activations(), step=3, metadata=list("vwxyz"), sprites=pictures
        )
    return folder


def test_the_real_server_shows_every_page(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with rb.tensorboard.start(logs, timeout=600) as server:

        def ask(path: str, body: Any = None) -> Any:
            data = None if body is None else json.dumps(body).encode()
            headers = {"Content-Type": "application/json"}
            request = urllib.request.Request(server.url + path, data, headers)
            with urllib.request.urlopen(request, timeout=600) as reply:
                return reply.read()

        assert capsys.readouterr().out == f"TensorBoard at {server.url}\n"
        assert server.url in server._repr_html_()
        pages = json.loads(ask("data/plugins_listing"))
        active = {name for name, page in pages.items() if page["enabled"]}
        wanted = {"scalars", "graphs", "histograms", "distributions", "hparams"}
        assert wanted | {"images", "audio", "text", "timeseries"} <= active
        tags = json.loads(ask("data/plugin/scalars/tags"))
        assert set(tags) == {"run/train", "run/validation", "calls"}
        assert set(tags["run/train"]) == {"epoch_loss", "epoch_mae", "epoch_learning_rate"}
        points = json.loads(ask("data/plugin/scalars/scalars?run=calls&tag=loss"))
        assert [(step, round(value, 6)) for _, step, value in points] == [(1, 0.5), (300, 0.333333)]
        graph = ask("data/plugin/graphs/graph?run=run/train&tag=keras&conceptual=true").decode()
        assert re.findall(r'name: "(net/\w+)"', graph) == ["net/i", "net/hidden", "net/out"]
        assert re.findall(r'input: "(net/\w+)"', graph) == ["net/i", "net/hidden"]
        assert ask("data/plugin/graphs/graph?run=run/train&conceptual=false").decode() == graph
        assert json.loads(ask("data/plugin/projector/runs")) == ["calls"]
        labels = ask("data/plugin/projector/metadata?run=calls&name=points:00000")
        assert labels == b"a\nb\n"
        experiment = json.loads(ask("data/plugin/hparams/experiment", {"experimentName": ""}))
        assert {info["name"] for info in experiment["hparamInfos"]} == {
            "lr", "units", "bn", "act", "n",
        }  # fmt: skip
        shown = json.loads(ask("data/plugin/projector/info?run=calls"))["embeddings"]
        assert [(e["tensorName"], e["tensorShape"]) for e in shown] == [
            ("points:00000", [2, 2]), ("hidden:00003", [5, 4]),
        ]  # fmt: skip
        assert shown[1]["sprite"]["singleImageDim"] == [3, 2]
        tensor = ask("data/plugin/projector/tensor?run=calls&name=hidden:00003")
        np.testing.assert_array_equal(
            np.frombuffer(tensor, "float32").reshape(5, 4), activations(), strict=True
        )
        sprites = ask("data/plugin/projector/sprite_image?run=calls&name=hidden:00003")
        assert sprites.startswith(b"\x89PNG")
        image = json.loads(ask("data/plugin/images/images?run=calls&tag=rgb&sample=0"))
        assert [entry["step"] for entry in image] == [3]
    assert server._process.poll() is not None


def test_a_server_that_does_not_start(logs: Path) -> None:
    with pytest.raises(RuntimeError, match=r"TensorBoard did not start\. Given: "):
        rb.tensorboard.start(logs, host="no.such.host.invalid")


def test_no_such_folder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["tensorboard", str(tmp_path / "x")]) == 2
    error = capsys.readouterr().err
    assert error == f"rosenblatt: No such folder. Given: {tmp_path / 'x'}.\n"


def test_curves(logs: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = tmp_path / "trained" / "history.csv"
    table.parent.mkdir()
    table.write_text("epoch,loss,val_loss\n1,4.0,3.0\n2,2.0,nan\n")
    picture = tmp_path / "curves.png"
    arguments = ["curves", str(logs / "run"), str(table.parent), "--name", "loss"]
    assert main([*arguments, "--out", str(picture)]) == 0
    text = capsys.readouterr().out
    assert picture.read_bytes().startswith(b"\x89PNG")
    # Long paths are folded: compared without the frame around the cells.
    cells = re.sub(r"[\s│]", "", text)
    for label in ("validation", "train"):
        assert label in cells
    assert "█" in text and "4" in text and "·" in text
    assert "mae" not in text
    assert main([*arguments[:-1], "los"]) == 2
    assert capsys.readouterr().err == "rosenblatt: curves: nothing to draw. Given: los.\n"
