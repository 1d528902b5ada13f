"""MLPerf Tiny's models, which are not part of boardless: a file is known by its digest.

    found = mlperf_tiny.find(mlperf_tiny.folder())
    file = found.get(mlperf_tiny.MODELS["ad01_int8"].digest)

BOARDLESS_MLPERF names a checkout of mlcommons/tiny, or any folder that holds the files.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

VARIABLE = "BOARDLESS_MLPERF"
LARGEST = 8 << 20  # bytes of a file that is looked at
_TRAINED = "benchmark/training/{}/trained_models"


@dataclass(frozen=True)
class Published:
    """A model of the benchmark."""

    short: str  # its name in boardless's tables
    digest: str  # SHA-256 of its .tflite file
    where: str  # its path in a checkout
    about: str


MODELS = {
    Path(model.where).stem: model
    for model in (
        Published(
            "ad",
            "87cf24194ef93d1d9b11a591d805526b98008e351655d29883c825c9c106ba24",
            _TRAINED.format("anomaly_detection") + "/ad01_int8.tflite",
            "MLPerf Tiny's anomaly detection: dense layers",
        ),
        Published(
            "kws",
            "aeea436800704fce17b17292e4412630ad856e9d777c044c64ef748a880bd0ae",
            _TRAINED.format("keyword_spotting") + "/kws_ref_model.tflite",
            "MLPerf Tiny's keyword spotting: DS-CNN",
        ),
        Published(
            "ic",
            "3c002613d1b2475eb51dd78dfb85a546c8ae658dee71cf6ade43b022fe205415",
            _TRAINED.format("image_classification") + "/pretrainedResnet_quant.tflite",
            "MLPerf Tiny's image classification: ResNet8",
        ),
        Published(
            "vww",
            "597a384c8c2c8a1276f04702f25013b7838f2f814f1ca7c174d295b73e3d6b7b",
            _TRAINED.format("visual_wake_words") + "/vww_96_int8.tflite",
            "MLPerf Tiny's visual wake words: MobileNetV1 0.25",
        ),
        Published(
            "sww",
            "3af8550895ba7d5c584277102b5075c52dcfa63ba9d2b2240f37c4e6abd5dd2b",
            _TRAINED.format("streaming_wakeword") + "/str_ww_ref_model.tflite",
            "MLPerf Tiny's streaming wake word",
        ),
    )
}


def folder() -> Path | None:
    """Returns the folder that the environment names."""
    if own := os.environ.get(VARIABLE):
        return Path(own)
    data = os.environ.get("BOARDLESS_DATA")
    return Path(data, "mlperf_tiny") if data else None


@cache
def find(place: Path | None) -> dict[str, Path]:
    """Returns the .tflite files below a folder, by digest."""
    if place is None:
        return {}
    files = sorted(path for path in place.rglob("*.tflite") if path.is_file())
    return {digest(path): path for path in files if path.stat().st_size <= LARGEST}


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
