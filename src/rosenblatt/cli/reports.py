"""`rosenblatt report`: what is known about a model of a raw table."""

from __future__ import annotations

from pathlib import Path

from rosenblatt.core.errors import BadArgument
from rosenblatt.serving import runs
from rosenblatt.tabular.loading import as_estimator
from rosenblatt.tabular.model import TableModel


def report(model: Path, html: Path | None, json: bool) -> None:
    """Show what is known about a model of a raw table: its data, scores and what it needs."""
    network, _ = runs.open_run(model)
    if not isinstance(network, TableModel):
        raise BadArgument(
            f"{model}: only models of raw tables have a report.",
            given=f"a {type(network).__name__}",
            fix="`rosenblatt summary` shows its layers, `rosenblatt evaluate` its figures.",
        )
    found = as_estimator(network).report()
    if html is not None:
        found.to_html(html)
    if json:
        print(found.to_json())
    elif html is None:
        print(found)
    else:
        print(f"Written to {html}")
