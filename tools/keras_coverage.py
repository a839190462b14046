"""Writes docs/keras-coverage.md: every public name of Keras, and whether rosenblatt has it.

    python tools/keras_coverage.py

The names are read from the Keras that is installed for the tests. A name that is here is ours;
one that is not needs a rule below that says why. A name with neither is listed as missing.
`keras_members.py` compares the attributes, methods and arguments of what both have.
"""

from __future__ import annotations

import functools
import importlib
import os
import re
import sys
import types
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")
sys.path.insert(0, str(Path(__file__).parent))
import keras_members

PAGE = Path(__file__).parents[1] / "docs" / "keras-coverage.md"
SECTIONS = (
    "", "activations", "applications", "backend", "callbacks", "config", "constraints", "datasets",
    "distillation", "distribution", "dtype_policies", "export", "initializers", "layers", "legacy",
    "losses", "metrics", "mixed_precision", "models", "ops", "ops.image", "ops.linalg", "ops.nn",
    "ops.numpy", "optimizers", "optimizers.schedules", "preprocessing", "preprocessing.image",
    "preprocessing.sequence", "quantizers", "random",
    "regularizers", "saving", "tree", "utils", "visualization", "wrappers",
)  # fmt: skip

CONVOLUTION = "convolution and pooling: for networks that are not dense"
IMAGES = "images: for convolutional networks"
RECURRENT = "sequences: recurrent networks are not dense"
TEXT = "sequences of words"
AUDIO = "signals and Fourier transforms"
OTHERS = "wraps a network of another framework"
TENSORFLOW = "needs TensorFlow"
QUANTIZED = "quantization: for networks far larger than these"
FOLDERS = "data sets of texts and sounds, read from folders"
OLD = "kept by Keras for files and code of Keras 1 and 2"

# The section, a pattern of whole names, and why such names are not ours. The first that fits.
RULES = (
    (r"applications", r".*", "networks for images, trained elsewhere"),
    (r"distillation", r".*", "a large network teaches a small one: here networks are small"),
    (r"quantizers", r".*", QUANTIZED),
    (r"legacy", r".*", OLD),
    (r"visualization|ops\.image", r".*", IMAGES),
    (r"preprocessing", r"image_dataset_from_directory", IMAGES),
    (r"preprocessing", r"text_dataset_from_directory", FOLDERS),
    (r"wrappers", r".*", "`rosenblatt.sklearn` has estimators that wrap a model"),
    (r"export", r"ExportArchive", "`model.export` writes what a dense network needs"),
    (r"", r"applications|distillation|export|legacy|quantizers|visualization|"
     r"wrappers", "see its section"),
    (r"", r"Quantizer", QUANTIZED),
    (r"", r"Remat.*|remat", "computes again what does not fit into memory: these networks fit"),
    (r"", r"SymbolicScope", "an inner part of Keras"),
    (r"callbacks", r"OrbaxCheckpoint", "`ModelCheckpoint` and `BackupAndRestore` do it; Orbax is "
     "for networks on several machines"),
    (r"datasets", r"cifar10+", IMAGES),
    (r"datasets", r"imdb|reuters", TEXT),
    (r"datasets", r"boston_housing", "left out of scikit-learn too for what its columns say of "
     "people; `california_housing`"),
    (r"dtype_policies", r".*(Quantized|AWQ|GPTQ|Int4).*", QUANTIZED),
    (r"initializers", r"(?i)stft.*", AUDIO),
    (r"layers", r".*(Conv|Pool|Cropping|UpSampling|ZeroPadding).*", CONVOLUTION),
    (r"layers", r".*(LSTM|GRU|RNN).*|Bidirectional", RECURRENT),
    (r"layers", r"(Random|Center).*|Resizing|.*(Equalization|Mix|Bounding).*|RandAugment|"
     r"AutoContrast|Solarization", IMAGES),
    (r"layers", r"TextVectorization|ReversibleEmbedding", TEXT),
    (r"layers", r"MelSpectrogram|STFTSpectrogram", AUDIO),
    (r"layers", r"FlaxLayer|JaxLayer|TorchModuleWrapper", OTHERS),
    (r"losses", r"(?i)ctc", RECURRENT),
    (r"ops|ops\.nn|ops\.numpy", r".*conv.*|.*pool|fold|unfold|depth_to_space|space_to_depth",
     CONVOLUTION),
    (r"ops|ops\.nn", r"image|psnr", IMAGES),
    (r"ops|ops\.nn", r"ctc_.*", RECURRENT),
    (r"ops", r".*fft.*|.*stft", AUDIO),
    (r"optimizers", r"legacy", OLD),
    (r"utils", r"legacy", OLD),
    (r"utils", r"image_dataset_from_directory|bounding_boxes", IMAGES),
    (r"utils", r"(text|audio)_dataset_from_directory", FOLDERS),
)  # fmt: skip


def find(root: str, path: str) -> Any:
    """A module or what a library keeps under a path; None if there is none."""
    try:
        return importlib.import_module(".".join(filter(None, [root, path])))
    except ModuleNotFoundError:
        return None


def names_of(module: types.ModuleType) -> list[str]:
    """The public names of a module of Keras."""
    return sorted(n for n in dir(module) if not n.startswith("_") and n != "src")


def is_here(ours: Any, name: str, theirs: Any) -> bool:
    """Whether a name is ours: there, and a module only where Keras has a module."""
    found = getattr(ours, name, None) if ours is not None else None
    if found is None:
        return False
    return isinstance(found, types.ModuleType) == isinstance(theirs, types.ModuleType)


def reason_for(section: str, name: str) -> str | None:
    """Why a name is not ours; None if no rule says."""
    for sections, names, reason in RULES:
        if re.fullmatch(sections, section) and re.fullmatch(names, name):
            return reason
    return None


def verdicts() -> dict[str, dict[str, str | None]]:
    """For each section and name: "" if it is ours, the reason if not, None if it is missing."""
    table: dict[str, dict[str, str | None]] = {}
    for section in SECTIONS:
        theirs, ours = find("keras", section), find("rosenblatt", section)
        if theirs is None:
            raise LookupError(f"Keras has no keras.{section}")
        table[section] = {
            name: "" if is_here(ours, name, getattr(theirs, name)) else reason_for(section, name)
            for name in names_of(theirs)
        }
    return table


@functools.cache
def compared() -> dict[str, keras_members.Verdicts]:
    """What `keras_members` finds; it takes half a minute."""
    libraries = importlib.import_module("keras"), importlib.import_module("rosenblatt")
    return keras_members.compare(SECTIONS, find, *libraries)


def listed(names: list[str]) -> str:
    """Names as code, with commas."""
    return ", ".join(f"`{name}`" for name in names)


def page() -> str:
    """The page's text."""
    table, further = verdicts(), compared()
    total = sum(len(names) for names in table.values())
    ours = sum(verdict == "" for names in table.values() for verdict in names.values())
    version = importlib.import_module("keras").__version__
    lines = [
        "# Keras's names",
        "",
        f"Every public name of Keras {version}, and whether rosenblatt has it: {ours} of {total}.",
        "All that dense networks and tables need is here; for the rest the reason is given.",
        "Written by `tools/keras_coverage.py`.",
        "",
        "Of what both have, compared by `tools/keras_members.py`:",
        "",
        "| | here |",
        "| --- | --- |",
        *(f"| {title} | {keras_members.count(found)} |" for title, found in further.items()),
        "",
    ]
    for section, names in table.items():
        here = [name for name, verdict in names.items() if verdict == ""]
        title = f"keras.{section}" if section else "keras"
        lines += [f"## {title}: {len(here)} of {len(names)}", ""]
        if here:
            lines += [f"Ours: {listed(here)}.", ""]
        reasons: dict[str, list[str]] = {}
        for name, verdict in names.items():
            if verdict != "":
                reasons.setdefault(verdict or "**missing**", []).append(name)
        if reasons:
            lines += ["| not ours | because |", "| --- | --- |"]
            lines += [f"| {listed(group)} | {reason} |" for reason, group in reasons.items()]
            lines += [""]
    for title, found in further.items():
        lines += keras_members.lines(title, found)
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
