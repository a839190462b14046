"""Files of models: what is in one, and the same model in another format."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from rosenblatt.core.errors import BadArgument, nearest
from rosenblatt.saving import inspection
from rosenblatt.saving.export.formats import FORMATS
from rosenblatt.saving.model_files import load_model

# Formats by the endings of files, the longest first; the first three are read here as well.
ENDINGS = {
    ".weights.h5": "weights",
    ".keras": "keras",
    ".hdf5": "keras",
    ".h5": "keras",
    **{format.ending: name for name, format in FORMATS.items() if format.ending},
}


def inspect(file: Path, as_json: bool) -> None:
    """Tell what is in a file, and whether it is safe, without building or running any of it."""
    report = inspection.inspect_file(file)
    print(json.dumps(asdict(report), default=str) if as_json else inspection.as_text(report))


def convert(source: Path, target: Path, format: str | None) -> None:
    """Write a model in another format."""
    ending = next((e for e in ENDINGS if target.name.endswith(e)), None)
    known = [*dict.fromkeys(ENDINGS.values()), *FORMATS]
    if format is not None and format not in known:
        raise BadArgument(
            "convert: unknown --format.", given=repr(format), fix=nearest(format, known)
        )
    if format is None and ending is None:
        raise BadArgument(
            f"convert: the ending of {target.name!r} says no format.",
            expected=f"one of {', '.join(ENDINGS)}, or --format {'|'.join(FORMATS)}",
        )
    if source.name.endswith(".weights.h5"):
        raise BadArgument(
            f"convert: {str(source)!r} holds weights alone, and no layers to put them in.",
            fix="convert the model's `.keras` file; or build the model in Python and "
            "`model.load_weights(path)`.",
        )
    model = load_model(source)
    chosen = format or ENDINGS[str(ending)]
    if chosen == "keras":
        model.save(target)
    elif chosen == "weights":
        model.save_weights(target)
    else:
        model.export(target, format=chosen)
    print(f"Written to {target}: {model.count_params():,} parameters")
