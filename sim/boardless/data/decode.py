"""Decodes picture files, which may be damaged, hostile, or something else.

pixels = picture(Path("a.png"), gray=True, size=(96, 96))
"""

from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from boardless.core.errors import BadInput

if TYPE_CHECKING:
    from PIL import Image

# The decoder goes by the content, not by the name. PIL has others that start programs.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "WEBP")
MOST_PIXELS = 1 << 26
# What decoders raise on files that make no sense.
WRONG = (
    *(OSError, EOFError, ValueError, SyntaxError, TypeError, IndexError, KeyError, AttributeError),
    *(AssertionError, ArithmeticError, MemoryError, RuntimeError, struct.error, zlib.error),
)


def picture(
    path: Path,
    *,
    gray: bool,
    size: tuple[int, int] | None = None,
    resize: tuple[int, int] | None = None,
    hint: str = "",
) -> npt.NDArray[np.uint8]:
    """Returns the pixels (H, W, 1 or 3) of a picture. BadInput if it cannot be decoded, or if
    `size` is given, (width, height), and is another one: then nothing is decoded at all."""
    from PIL import Image  # here, because most commands read arrays

    bombs = (Image.DecompressionBombError, Image.DecompressionBombWarning)
    try:
        if not path.is_file():  # a pipe would make us wait for ever
            raise ValueError("not a file")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a file's oddities, and of sizes, which we check
            with Image.open(path, formats=FORMATS) as image:
                wrong = _wrong_size(image, size)
                if not wrong:
                    found: Any = image.convert("L" if gray else "RGB")
                    if resize and found.size != resize:
                        found = found.resize(resize, Image.Resampling.BILINEAR)
                    pixels = np.asarray(found, np.uint8)
    except (*WRONG, *bombs) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise BadInput(f"not a readable picture ({reason})", where=str(path), hint=hint) from error
    if wrong:
        raise BadInput(wrong, where=str(path), hint=hint)
    return pixels.reshape(*pixels.shape[:2], 1 if gray else 3)


def _wrong_size(image: Image.Image, size: tuple[int, int] | None) -> str:
    width, height = image.size
    if size and (width, height) != size:
        return f"the picture is {height} x {width}, the model takes {size[1]} x {size[0]}"
    if width * height > MOST_PIXELS:
        return f"the picture is {height} x {width}, which is too large"
    return ""
