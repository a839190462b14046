"""Images to arrays and back, and in files, with Pillow."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from rosenblatt.core import config
from rosenblatt.core.errors import BadArgument, WrongType, nearest, require, warn_user
from rosenblatt.core.refusing import refusing
from rosenblatt.core.types import ArrayLike, DTypeLike, PathLike

if TYPE_CHECKING:
    from PIL.Image import Image

_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_CHANNELS = {1: "L", 3: "RGB", 4: "RGBA"}
_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def _pillow(name: str) -> Any:
    return require("PIL.Image", "pillow", f"utils.{name}")


def _channels_first(data_format: str | None) -> bool:
    given = config.image_data_format() if data_format is None else data_format
    if given not in ("channels_first", "channels_last"):
        raise BadArgument(
            "Images: bad `data_format`.",
            given=repr(given),
            expected="'channels_last' or 'channels_first'",
        )
    return given == "channels_first"


def _resampling(name: str, interpolation: str) -> Any:
    if interpolation not in _INTERPOLATIONS:
        raise BadArgument(
            f"{name}: invalid `interpolation`.",
            given=repr(interpolation),
            fix=nearest(interpolation, _INTERPOLATIONS),
        )
    return getattr(_pillow(name).Resampling, interpolation.upper())


@refusing("`utils.array_to_img`")
def array_to_img(
    x: ArrayLike, data_format: str | None = None, scale: bool = True, dtype: DTypeLike = None
) -> Image:
    """An image of Pillow's from an array.

    Args:
        x: (height, width, channels), with 1, 3 or 4 channels.
        data_format: "channels_last" or "channels_first"; that of `config` if None.
        scale: stretch the values to 0 … 255.
        dtype: float type to stretch them in.

    Returns:
        The image, in grey, RGB or RGBA.

    Raises:
        BadArgument: an array of another rank, or other channels.

    >>> array_to_img(np.zeros((4, 6, 3))).size
    (6, 4)
    """
    array = np.asarray(x, dtype=config.floatx() if dtype is None else dtype)
    if array.ndim != 3:
        raise BadArgument(
            "array_to_img: not one image.",
            given=f"an array of shape {array.shape}",
            expected="rank 3: (height, width, channels)",
        )
    if _channels_first(data_format):
        array = array.transpose(1, 2, 0)
    if array.shape[2] not in _CHANNELS:
        raise BadArgument(
            "array_to_img: unsupported channel number.", given=array.shape[2], expected="1, 3 or 4"
        )
    if scale:
        array = array - array.min()
        array = array * (255 / array.max()) if array.max() != 0 else array
    flat = array[:, :, 0] if array.shape[2] == 1 else array
    wide = array.shape[2] == 1 and array.max() > 255
    return _pillow("array_to_img").fromarray(flat.astype("int32" if wide else "uint8"))


@refusing("`utils.img_to_array`")
def img_to_array(img: Image, data_format: str | None = None, dtype: DTypeLike = None) -> np.ndarray:
    """The array of an image of Pillow's.

    Args:
        img: the image.
        data_format: "channels_last" or "channels_first"; that of `config` if None.
        dtype: dtype of the array; the default float type if None.

    Returns:
        (height, width, channels) or (channels, height, width).

    Raises:
        BadArgument: something that is not one image.

    >>> img_to_array(array_to_img(np.zeros((4, 6, 1)))).shape
    (4, 6, 1)
    """
    array = np.asarray(img, dtype=config.floatx() if dtype is None else dtype)
    if array.ndim not in (2, 3):
        raise BadArgument(
            "img_to_array: unsupported image shape.", given=array.shape, expected="rank 2 or 3"
        )
    array = array[:, :, None] if array.ndim == 2 else array
    return array.transpose(2, 0, 1) if _channels_first(data_format) else array


@refusing("`utils.save_img`")
def save_img(
    path: PathLike | BinaryIO,
    x: ArrayLike,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array as an image.

    Args:
        path: the file, or an open one.
        x, data_format, scale: as in `array_to_img`.
        file_format: "png", "jpeg" …; by the file's ending if None.
        kwargs: for `PIL.Image.Image.save`.
    """
    if file_format is None and isinstance(path, (str, os.PathLike)):
        file_format = Path(path).suffix[1:]
    kind = (file_format or "").lower().replace("jpg", "jpeg") or None
    image = array_to_img(x, data_format, scale)
    if image.mode == "RGBA" and kind == "jpeg":
        warn_user("save_img: JPEG knows no transparency: the image is converted to RGB.")
        image = image.convert("RGB")
    image.save(path, format=kind, **kwargs)


@refusing("`utils.load_img`")
def load_img(
    path: PathLike | bytes | io.BytesIO,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Image:
    """Read an image.

    Args:
        path: the file, or its bytes in a `BytesIO`.
        color_mode: "grayscale", "rgb" or "rgba".
        target_size: (height, width) to resize it to.
        interpolation: "nearest", "bilinear", "bicubic", "hamming", "box" or "lanczos".
        keep_aspect_ratio: cut the middle out first, so that nothing is distorted.

    Returns:
        An image of Pillow's.

    Raises:
        BadArgument: an unknown colour mode or interpolation.
        WrongType: `path` is something else.
    """
    if color_mode not in _MODES:
        raise BadArgument(
            "load_img: bad `color_mode`.", given=repr(color_mode), expected=", ".join(_MODES)
        )
    if not isinstance(path, (io.BytesIO, str, bytes, os.PathLike)):
        raise WrongType("load_img: bad `path`.", given=type(path).__name__, expected="a path")
    source = path if isinstance(path, io.BytesIO) else os.fspath(path)
    image = _pillow("load_img").open(source)
    image.load()  # and the file is closed
    if not (color_mode == "grayscale" and image.mode in ("I;16", "I")):
        image = image.convert(_MODES[color_mode])
    if target_size is None or image.size == (target_size[1], target_size[0]):
        return image
    box = _middle(image.size, target_size) if keep_aspect_ratio else None
    return image.resize(target_size[::-1], _resampling("load_img", interpolation), box=box)


def _middle(size: tuple[int, int], target: tuple[int, int]) -> tuple[int, int, int, int]:
    """The largest part in the middle of (width, height) in the proportions of (height, width)."""
    width, height = size
    kept_height = min(height, width * target[0] // target[1])
    kept_width = min(width, height * target[1] // target[0])
    left, top = (width - kept_width) // 2, (height - kept_height) // 2
    return left, top, left + kept_width, top + kept_height


@refusing("`utils.smart_resize`")
def smart_resize(
    x: ArrayLike,
    size: tuple[int, int],
    interpolation: str = "bilinear",
    data_format: str = "channels_last",
) -> np.ndarray:
    """Images in another size, cut in the middle so that nothing is distorted.

    Args:
        x: (height, width, channels), or a batch of them.
        size: (height, width).
        interpolation: as in `load_img`.
        data_format: "channels_last" or "channels_first".

    Returns:
        float32 array of the new size, one image or a batch.

    >>> smart_resize(np.ones((4, 8, 3)), (2, 2)).shape
    (2, 2, 3)
    """
    if len(size) != 2:
        raise BadArgument("smart_resize: bad `size`.", given=size, expected="(height, width)")
    array, first = np.asarray(x, "float32"), _channels_first(data_format)
    if array.ndim not in (3, 4):
        raise BadArgument(
            "smart_resize: not an image or a batch of images.", given=array.shape, expected="rank 3"
        )
    batch = array if array.ndim == 4 else array[None]
    planes = batch if first else batch.transpose(0, 3, 1, 2)
    pillow, how = _pillow("smart_resize"), _resampling("smart_resize", interpolation)
    box = _middle((planes.shape[3], planes.shape[2]), size)
    found = np.stack(
        [
            [
                np.asarray(pillow.fromarray(np.ascontiguousarray(p)).resize(size[::-1], how, box))
                for p in image
            ]
            for image in planes
        ]
    )
    found = found if first else found.transpose(0, 2, 3, 1)
    return found if array.ndim == 4 else found[0]
