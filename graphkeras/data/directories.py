"""Data sets of files in a directory: of images, of texts and of sounds."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..config import standardize_data_format
from ..ops.image import resize
from .audio import read_wav, stacked
from .dataset import Dataset, Samples, any_seed, check_format, pass_seed
from .images import img_to_array, load_img, pillow

Array = np.ndarray[Any, Any]

_IMAGE_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}
_INTERPOLATIONS = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")


@dataclass(frozen=True)
class _Files:
    """Files with their labels, in the order of samples."""

    paths: list[str]
    labels: Array | None
    class_names: list[str] | None

    def part(self, split: float | None, subset: str | None) -> _Files:
        """The first files for "training", the last ones for "validation"."""
        if not split:
            return self
        cut = len(self.paths) - int(split * len(self.paths))
        where = slice(None, cut) if subset == "training" else slice(cut, None)
        return _Files(self.paths[where], None if self.labels is None else self.labels[where], self.class_names)


def image_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: Any = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Batches of float32 images (batch, *image_size, channels) in [0, 255], with labels, of the files in a directory.

    Args:
        directory: has a folder for each class, if labels are "inferred".
        labels: "inferred", None, or one number for each file in the order of their paths.
        label_mode: "int" (int32), "binary" (float32, (batch, 1)), "categorical" (one-hot) or None.
        class_names: the folders to use, in the order of their labels; by default all, sorted.
        color_mode: "grayscale", "rgb" or "rgba".
        batch_size: None for single images.
        shuffle: whether the order differs in each pass; else it is that of the paths.
        validation_split, subset: which share is for validation, and which part is wanted: "training", "validation" or
            "both" (two data sets).
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        crop_to_aspect_ratio, pad_to_aspect_ratio: as in `ops.image.resize`.
        format: accepted as in Keras; the result is a `Dataset` of NumPy arrays.

    Raises:
        ImportError: if Pillow is not installed.
        ValueError: for arguments that do not fit the files, or if there are none.
    """
    name = "image_dataset_from_directory"
    pillow(name)
    if color_mode not in _CHANNELS:
        raise ValueError(f"{name}: color_mode must be one of {', '.join(map(repr, _CHANNELS))}, got {color_mode!r}.")
    if interpolation.lower() not in _INTERPOLATIONS:
        raise ValueError(
            f"{name}: interpolation must be one of {', '.join(map(repr, _INTERPOLATIONS))}, got {interpolation!r}."
        )
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError(f"{name}: only one of crop_to_aspect_ratio and pad_to_aspect_ratio may be True.")
    size = (image_size, image_size) if isinstance(image_size, int) else tuple(image_size)
    if len(size) != 2:
        raise ValueError(f"{name}: image_size must be (height, width), got {image_size}.")
    where = standardize_data_format(data_format)

    def image(path: str) -> Array:
        pixels = img_to_array(load_img(path, color_mode), where, "float32")
        resized = resize(
            pixels,
            size,
            interpolation=interpolation.lower(),
            crop_to_aspect_ratio=crop_to_aspect_ratio,
            pad_to_aspect_ratio=pad_to_aspect_ratio,
            data_format=where,
        )
        return np.asarray(resized)

    wanted = _Wanted(name, labels, label_mode, class_names, shuffle, seed, validation_split, subset, format, verbose)
    return wanted.datasets(directory, _IMAGE_SUFFIXES, follow_links, batch_size, image)


def text_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Batches of texts, arrays of Python strings (batch,), with labels, of the .txt files in a directory.

    Args:
        max_length: longer texts are cut off after so many characters.
        The other arguments are those of `image_dataset_from_directory`.

    Raises:
        ValueError: for arguments that do not fit the files, or if there are none.
    """

    def text(path: str) -> Any:
        content = Path(path).read_text(encoding="utf-8")
        return content if max_length is None else content[:max_length]

    name = "text_dataset_from_directory"
    wanted = _Wanted(name, labels, label_mode, class_names, shuffle, seed, validation_split, subset, format, verbose)
    return wanted.datasets(directory, (".txt",), follow_links, batch_size, text)


def audio_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    sampling_rate: int | None = None,
    output_sequence_length: int | None = None,
    ragged: bool = False,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    verbose: bool = True,
) -> Any:
    """Batches of sounds, float32 arrays (batch, time, channels) in [-1, 1), with labels, of the .wav files in a directory.

    Args:
        sampling_rate: what all files must have, in samples a second; None for any.
        output_sequence_length: sounds are cut off, or filled up with zeros, to so many samples; None for the longest of a
            batch.
        The other arguments are those of `image_dataset_from_directory`.

    Raises:
        ValueError: for arguments that do not fit the files, or if there are none; while reading, for a file that is no WAV file
            of 16-bit samples.
        NotImplementedError: for ragged=True.
    """
    name = "audio_dataset_from_directory"
    if ragged:
        raise NotImplementedError(f"{name}: there are no ragged tensors; batches are filled up with zeros. Leave ragged out.")
    for what, value in (("sampling_rate", sampling_rate), ("output_sequence_length", output_sequence_length)):
        if value is not None and (not isinstance(value, int) or value < 1):
            raise ValueError(f"{name}: {what} must be a positive integer, got {value!r}.")
    wanted = _Wanted(name, labels, label_mode, class_names, shuffle, seed, validation_split, subset, "tf", verbose)

    def sound(path: str) -> Array:
        return read_wav(path, output_sequence_length, sampling_rate)

    return wanted.datasets(directory, (".wav",), follow_links, batch_size, sound, stacked)


@dataclass(frozen=True)
class _Wanted:
    """The arguments that the functions share."""

    name: str
    labels: Any
    label_mode: str | None
    class_names: Sequence[str] | None
    shuffle: bool
    seed: int | None
    validation_split: float | None
    subset: str | None
    format: str
    verbose: bool

    def __post_init__(self) -> None:
        check_format(self.format)
        if self.labels is not None and self.labels != "inferred" and not isinstance(self.labels, (list, tuple)):
            raise ValueError(
                f"{self.name}: labels must be 'inferred' (a folder for each class), None, or a list with a number for each "
                f"file, got {self.labels!r}."
            )
        if self.class_names is not None and (self.labels != "inferred" or self.label_mode is None):
            raise ValueError(
                f"{self.name}: class_names may be given only with labels='inferred' and a label_mode, got "
                f"labels={self.labels!r}, label_mode={self.label_mode!r}."
            )
        if self.label_mode not in ("int", "categorical", "binary", None):
            raise ValueError(
                f"{self.name}: label_mode must be 'int', 'categorical', 'binary' or None, got {self.label_mode!r}."
            )
        if self.validation_split and not 0 < self.validation_split < 1:
            raise ValueError(f"{self.name}: validation_split must be between 0 and 1, got {self.validation_split}.")
        if bool(self.validation_split) != bool(self.subset):
            raise ValueError(f"{self.name}: validation_split and subset must be given both or not at all.")
        if self.subset not in ("training", "validation", "both", None):
            raise ValueError(f"{self.name}: subset must be 'training', 'validation' or 'both', got {self.subset!r}.")
        if self.validation_split and self.shuffle and self.seed is None:
            raise ValueError(
                f"{self.name}: a split of shuffled files needs a seed, so that no file is in both parts. Give seed=..."
            )

    def datasets(
        self,
        directory: str | os.PathLike[str],
        suffixes: tuple[str, ...],
        follow_links: bool,
        batch_size: int | None,
        read: Callable[[str], Any],
        stack: Callable[[list[Any]], Array] = np.stack,
    ) -> Any:
        """The data set; a list of two for subset="both". `stack` makes a batch of what `read` gives."""
        seed = any_seed() if self.seed is None else self.seed
        files = self._found(Path(directory), suffixes, follow_links)
        if self.shuffle:
            files = _shuffled(files, seed)
        if self.label_mode == "binary" and files.class_names is not None and len(files.class_names) != 2:
            raise ValueError(f"{self.name}: label_mode='binary' needs exactly 2 classes, got {files.class_names}.")
        made = []
        for subset in ("training", "validation") if self.subset == "both" else (self.subset,):
            part = files.part(self.validation_split, subset)
            if not part.paths:
                raise ValueError(
                    f"{self.name}: there are no {subset + ' ' if subset else ''}files in {directory}; names must end with "
                    f"{', '.join(suffixes)}."
                )
            if self.validation_split and self.verbose:
                print(f"Using {len(part.paths)} files for {subset}.")
            mixes = self.shuffle and not (self.subset == "both" and subset == "validation")
            made.append(self._dataset(part, batch_size, read, stack, pass_seed(mixes, seed)))
        return made if self.subset == "both" else made[0]

    def _found(self, directory: Path, suffixes: tuple[str, ...], follow_links: bool) -> _Files:
        if not directory.is_dir():
            raise ValueError(f"{self.name}: there is no directory {directory}.")
        if self.labels != "inferred" or self.label_mode is None:
            paths = _files_below(directory, suffixes, follow_links)
            return self._labelled(directory, paths)
        folders = sorted(entry.name for entry in directory.iterdir() if entry.is_dir() and not entry.name.startswith("."))
        names = list(folders if self.class_names is None else self.class_names)
        if not set(names) <= set(folders):
            raise ValueError(f"{self.name}: class_names must be folders of {directory}: {folders}, got {names}.")
        paths, numbers = [], []
        for number, name in enumerate(names):
            below = _files_below(directory / name, suffixes, follow_links)
            paths += below
            numbers += [number] * len(below)
        if self.verbose:
            print(f"Found {len(paths)} files belonging to {len(names)} classes.")
        return _Files(paths, np.asarray(numbers, np.int32), names)

    def _labelled(self, directory: Path, paths: list[str]) -> _Files:
        if self.labels is None or self.label_mode is None:
            if self.verbose:
                print(f"Found {len(paths)} files.")
            return _Files(paths, None, None)
        if len(self.labels) != len(paths):
            raise ValueError(f"{self.name}: labels has {len(self.labels)} numbers, and {directory} has {len(paths)} files.")
        names = [str(label) for label in sorted(set(self.labels))]
        if self.verbose:
            print(f"Found {len(paths)} files belonging to {len(names)} classes.")
        return _Files(paths, np.asarray(self.labels, np.int32), names)

    def _dataset(
        self,
        files: _Files,
        batch_size: int | None,
        read: Callable[[str], Any],
        stack: Callable[[list[Any]], Array],
        seed: int | None,
    ) -> Dataset:
        labels = files.labels
        encoded = None if labels is None else _encoded(labels, self.label_mode, len(files.class_names or ()))

        def samples(numbers: Array) -> Any:
            parts = [read(files.paths[k]) for k in numbers]
            batch = np.asarray(parts, object) if isinstance(parts[0], str) else stack(parts)
            return batch if encoded is None else (batch, encoded[numbers])

        dataset = Samples(samples, len(files.paths), batch_size, seed)
        dataset.class_names, dataset.file_paths = files.class_names, files.paths
        return dataset


def _files_below(directory: Path, suffixes: tuple[str, ...], follow_links: bool) -> list[str]:
    """Paths of all files with one of the suffixes, sorted by folder and name."""
    found = []
    for folder, _, names in sorted(os.walk(directory, followlinks=follow_links), key=lambda entry: entry[0]):
        found += [os.path.join(folder, name) for name in sorted(names) if name.lower().endswith(suffixes)]
    return found


def _shuffled(files: _Files, seed: int) -> _Files:
    """In the order that Keras gives them, so that the same seed makes the same split."""
    order = np.arange(len(files.paths))
    np.random.RandomState(seed).shuffle(order)
    labels = None if files.labels is None else files.labels[order]
    return _Files([files.paths[k] for k in order], labels, files.class_names)


def _encoded(labels: Array, mode: str | None, classes: int) -> Array:
    if mode == "binary":
        return labels.astype(np.float32)[:, None]
    return np.eye(classes, dtype=np.float32)[labels] if mode == "categorical" else labels
