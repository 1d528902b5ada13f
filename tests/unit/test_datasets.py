"""Data sets have the promised shapes and splits, and an error is one line.

    python -m pytest tests/unit/test_datasets.py

No network is used: the downloader is replaced by one that copies a file.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pooch
import pytest
from boardless.core.errors import BadInput, BoardlessError, ToolMissing
from boardless.data import datasets
from boardless.data.datasets import _flower_photos, bloodmnist
from PIL import Image

NAMES = (
    "bloodmnist", "digits", "flowers_128", "flowers_224", "flowers_96", "flowers_96_gray", "vww_96",
)  # fmt: skip


def blood_file(path: Path, **changes: object) -> Path:
    """Write a small file of the right form; `changes` replace arrays."""
    arrays: dict[str, object] = {}
    for part, count in (("train", 7), ("val", 2), ("test", 3)):
        arrays[f"{part}_images"] = np.full((count, 28, 28, 3), 200, np.uint8)
        arrays[f"{part}_labels"] = np.arange(count, dtype=np.uint8).reshape(-1, 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **(arrays | changes))  # type: ignore[arg-type]
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty BOARDLESS_DATA, an empty cache, and no network."""
    monkeypatch.setenv("BOARDLESS_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / "cache" / name)
    serve(monkeypatch, lambda target: offline())
    return tmp_path / "data" / "bloodmnist"


def serve(monkeypatch: pytest.MonkeyPatch, put: Callable[[Path], object]) -> None:
    """Let a download call `put(target)`; pooch checks what it left there."""

    def downloader(timeout: float) -> Callable[..., object]:
        assert timeout <= 10
        return lambda url, target, _pooch: put(Path(target))

    monkeypatch.setattr(pooch, "HTTPDownloader", downloader)


def offline() -> None:
    raise ConnectionError("no route to host\nand a second line")


def message(error: pytest.ExceptionInfo[BoardlessError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


def test_names_lists_the_modules() -> None:
    assert datasets.names() == NAMES


@pytest.mark.parametrize("name", ["mnist", "", "digits.load", "../digits"])
def test_unknown_name_lists_the_known(name: str) -> None:
    with pytest.raises(BadInput) as error:
        datasets.load(name)
    assert message(error) == (f"unknown data set '{name}'; known are: {', '.join(NAMES)}")


@pytest.mark.slow
def test_digits_are_split_in_file_order() -> None:
    digits = datasets.load("digits")
    assert digits.name == "digits"
    assert digits.classes == tuple("0123456789")
    assert [len(s) for s in (digits.train, digits.validation, digits.test)] == [1078, 360, 359]
    for split in (digits.train, digits.validation, digits.test):
        assert split.images.shape == (len(split), 8, 8, 1)
        assert split.images.dtype == np.uint8
        assert split.labels.dtype == np.int64
        assert split.images.max() == 16
        assert set(split.labels) == set(range(10))
    # The file begins 0, 1, 2, ..., and the test part lies between the other two.
    assert digits.train.labels[:10].tolist() == list(range(10))


def test_digits_are_those_of_scikit_learn() -> None:
    pixels, labels = pytest.importorskip("sklearn.datasets").load_digits(return_X_y=True)
    digits = datasets.load("digits")
    parts = (digits.train, digits.test, digits.validation)
    assert np.array_equal(np.concatenate([part.labels for part in parts]), labels)
    images = np.concatenate([part.images for part in parts])
    assert np.array_equal(images.reshape(-1, 64), pixels)


def test_digits_need_no_scikit_learn() -> None:
    code = "import sys; from boardless.data import datasets; datasets.load('digits')"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; print('sklearn' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"


def test_the_first_pictures_of_the_test_part(folder: Path) -> None:
    flower_files(folder.parent / "flower_photos")
    blood_file(folder / "bloodmnist_rebuilt_28.npz")
    for name in ("digits", "flowers_96", "flowers_96_gray", "bloodmnist"):
        every, few = datasets.load(name), datasets.held_out(name, 3)
        assert len(few.test) == 3
        assert np.array_equal(few.test.images, every.test.images[:3])
        assert np.array_equal(few.test.labels, every.test.labels[:3])
        assert (few.name, few.classes, few.origin) == (every.name, every.classes, every.origin)
        assert len(datasets.held_out(name).test) == len(every.test)


def test_bloodmnist_rebuilt_says_so(folder: Path) -> None:
    blood_file(folder / "bloodmnist_rebuilt_28.npz")
    blood = datasets.load("bloodmnist")
    assert "not the official split" in blood.origin
    assert len(blood.classes) == 8
    assert [len(s) for s in (blood.train, blood.validation, blood.test)] == [7, 2, 3]
    assert blood.train.images.shape == (7, 28, 28, 3)
    assert blood.train.images.dtype == np.uint8
    assert blood.train.labels.dtype == np.int64
    assert blood.train.labels.tolist() == list(range(7))


def test_bloodmnist_official_file_is_checked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = blood_file(folder / "bloodmnist.npz")
    with pytest.raises(BadInput) as error:
        datasets.load("bloodmnist")
    assert str(path) in message(error)
    assert bloodmnist.MD5 in message(error)
    monkeypatch.setattr(bloodmnist, "MD5", hashlib.md5(path.read_bytes()).hexdigest())
    assert datasets.load("bloodmnist").origin.endswith(", official split")


def test_bloodmnist_is_downloaded_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = blood_file(folder.parent / "served.npz")
    monkeypatch.setattr(bloodmnist, "MD5", hashlib.md5(source.read_bytes()).hexdigest())
    serve(monkeypatch, lambda target: shutil.copy(source, target))
    assert datasets.load("bloodmnist").origin.endswith(", official split")
    serve(monkeypatch, lambda target: offline())
    assert len(datasets.load("bloodmnist").train) == 7


def test_bloodmnist_without_boardless_data(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOARDLESS_DATA")
    with pytest.raises(datasets.DataMissing):
        datasets.load("bloodmnist")


def test_bloodmnist_offline(folder: Path) -> None:
    with pytest.raises(datasets.DataMissing) as error:
        datasets.load("bloodmnist")
    assert error.value.exit_status == 3
    assert message(error) == (
        f"{bloodmnist.URL}: no BloodMNIST here, and the download failed (ConnectionError); "
        "put bloodmnist.npz into $BOARDLESS_DATA/bloodmnist"
    )


def test_bloodmnist_download_with_wrong_checksum(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, lambda target: target.write_bytes(b"an error page"))
    with pytest.raises(datasets.DataMissing) as error:
        datasets.load("bloodmnist")
    assert "wrong checksum" in message(error)
    assert not list(folder.parent.parent.rglob("bloodmnist.npz"))  # nothing bad is kept


def test_bloodmnist_without_pooch(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ToolMissing) as error:
        datasets.load("bloodmnist")
    assert "python -m pip install pooch" in message(error)


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "flipped"])
def test_bloodmnist_corrupt_file(folder: Path, damage: str) -> None:
    path = blood_file(folder / "bloodmnist_rebuilt_28.npz")
    good = path.read_bytes()
    middle = len(good) // 4
    path.write_bytes(
        {
            "empty": b"",
            "text": b"version https://git-lfs.github.com/spec/v1\n",
            "cut": good[: len(good) // 2],
            "flipped": good[:middle] + bytes([good[middle] ^ 255]) + good[middle + 1 :],
        }[damage]
    )
    with pytest.raises(BadInput) as error:
        datasets.load("bloodmnist")
    assert message(error).startswith(f"{path}: not a readable BloodMNIST file (")


@pytest.mark.parametrize(
    "changes",
    [
        {"train_images": np.zeros((7, 28, 28), np.uint8)},
        {"train_images": np.zeros((7, 28, 28, 3), np.float32)},
        {"test_labels": np.array([0, 1, 8])},
        {"val_labels": np.array([0])},
    ],
    ids=["grey", "float", "ninth class", "too few labels"],
)
def test_bloodmnist_wrong_contents(folder: Path, changes: dict[str, object]) -> None:
    blood_file(folder / "bloodmnist_rebuilt_28.npz", **changes)
    with pytest.raises(BadInput) as error:
        datasets.load("bloodmnist")
    assert "_images are " in message(error) or "_labels leave 0..7" in message(error)


# --- flower_photos ------------------------------------------------------------------------------
def flower_files(folder: Path, count: int = 40, size: int = 128) -> Path:
    """`count` photographs of each kind; red numbers the kind, green the photo."""
    for label, kind in enumerate(_flower_photos.CLASSES):
        (folder / kind).mkdir(parents=True)
        for index in range(count):
            picture = Image.new("RGB", (size, size), (50 * label, index, 0))
            picture.save(folder / kind / f"{1000 * label + index}_ab_n.jpg", quality=100)
    return folder


def test_flowers_are_split_by_the_photographs_number(folder: Path) -> None:
    flower_files(folder.parent / "flowers_128" / "train")
    flowers = datasets.load("flowers_96_gray")
    assert flowers.classes == ("daisy", "dandelion", "roses", "sunflowers", "tulips")
    assert "at 128 x 128, resized to 96 x 96" in flowers.origin
    parts = (flowers.train, flowers.validation, flowers.test)
    assert sum(map(len, parts)) == 200
    assert len(flowers.train) > len(flowers.test) > len(flowers.validation) > 0
    for part in parts:
        assert part.images.shape == (len(part), 96, 96, 1)
        assert part.images.dtype == np.uint8
        assert part.labels.dtype == np.int64
    # The same photographs in colour and from another folder are in the same parts, in that order.
    flower_files(folder.parent / "flower_photos", size=150)
    colour = datasets.load("flowers_128")
    assert "flower_photos.tgz" in colour.origin
    for gray, rgb in zip(parts, (colour.train, colour.validation, colour.test), strict=True):
        assert np.array_equal(gray.labels, rgb.labels)
        assert rgb.images.shape == (len(gray), 128, 128, 3)
        assert np.abs(rgb.images[:, 0, 0, 0] - 50.0 * rgb.labels).max() <= 3


def test_a_flower_that_is_added_is_found(folder: Path) -> None:
    """The names of the files are read once, as long as their folders stay as they are."""
    train = flower_files(folder.parent / "flowers_128" / "train")
    before = datasets.load("flowers_96_gray")
    assert len(datasets.load("flowers_96_gray").train) == len(before.train)
    shutil.copy(train / "tulips" / "4000_ab_n.jpg", train / "tulips" / "100080576_ab_n.jpg")
    assert _flower_photos.part("100080576_ab_n.jpg") == "train"
    assert len(datasets.load("flowers_96_gray").train) == len(before.train) + 1


def test_flowers_with_a_kind_missing(folder: Path) -> None:
    shutil.rmtree(flower_files(folder.parent / "flower_photos") / "roses")
    with pytest.raises(BadInput) as error:
        datasets.load("flowers_96")
    assert message(error).endswith("no pictures of roses; expected such as daisy/1.jpg")


def test_flowers_with_a_damaged_picture(folder: Path) -> None:
    damaged = flower_files(folder.parent / "flower_photos") / "daisy" / "3_ab_n.jpg"
    damaged.write_bytes(damaged.read_bytes()[:300])
    with pytest.raises(BadInput) as error:
        datasets.load("flowers_224")
    assert message(error).startswith(f"{damaged}: not a readable picture (")


def test_flowers_offline(folder: Path) -> None:
    with pytest.raises(datasets.DataMissing) as error:
        datasets.load("flowers_128")
    assert message(error) == (
        f"{_flower_photos.URL}: no flower_photos here, and the download failed (ConnectionError); "
        "unpack flower_photos.tgz as $BOARDLESS_DATA/flower_photos"
    )


def test_flowers_are_downloaded_and_unpacked(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flower_files(tmp_path / "made" / "flower_photos")
    archive = shutil.make_archive(str(tmp_path / "served"), "gztar", tmp_path / "made")
    digest = hashlib.sha256(Path(archive).read_bytes()).hexdigest()
    monkeypatch.setattr(_flower_photos, "SHA256", digest)
    serve(monkeypatch, lambda target: shutil.copy(archive, target))
    assert len(datasets.load("flowers_96").train) > 100
    serve(monkeypatch, lambda target: offline())
    assert len(datasets.load("flowers_96").train) > 100  # from the cache


# --- visual wake words --------------------------------------------------------------------------
def test_wake_words_from_400_pictures_are_for_testing(folder: Path) -> None:
    (folder.parent / "vww_96").mkdir(parents=True)
    images = np.zeros((6, 96, 96, 3), np.uint8)
    path = folder.parent / "vww_96" / "vww_400.npz"
    np.savez(path, images=images, labels=np.array([0, 1, 0, 1, 0, 1]))
    wake = datasets.load("vww_96")
    assert [len(s) for s in (wake.train, wake.validation, wake.test)] == [0, 0, 6]
    assert wake.classes[1] == "person"
    np.savez(path, images=images[:, :90], labels=np.zeros(6, int))
    with pytest.raises(BadInput) as error:
        datasets.load("vww_96")
    assert "images are uint8 (6, 90, 96, 3)" in message(error)


def test_wake_words_from_the_archive(folder: Path) -> None:
    for label, kind in enumerate(("non_person", "person")):
        place = folder.parent / "vw_coco2014_96" / kind
        place.mkdir(parents=True)
        for index in range(40):
            Image.new("RGB", (96, 96), (200 * label, 0, 0)).save(place / f"{label}{index}.jpg")
    wake = datasets.load("vww_96")
    assert len(wake.train) > len(wake.test) > 0
    assert len(wake.train) + len(wake.validation) + len(wake.test) == 80
    assert np.array_equal(wake.train.images[:, 0, 0, 0] > 100, wake.train.labels == 1)


def test_wake_words_offline(folder: Path) -> None:
    with pytest.raises(datasets.DataMissing) as error:
        datasets.load("vww_96")
    assert "unpack vw_coco2014_96.tar.gz as $BOARDLESS_DATA/vw_coco2014_96" in message(error)
