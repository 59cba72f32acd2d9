"""Strategies for what is made of arrays: pictures and their layers, sounds, films, histograms, tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from medialog.datatypes.audio import Audio
from medialog.datatypes.histogram import Histogram
from medialog.datatypes.image import Image
from medialog.datatypes.overlays import BoundingBoxes2D, Classes, ImageMask
from medialog.datatypes.tensor import Tensor
from medialog.datatypes.video import Video

MOST_CLASSES = 5
Draw = Callable[[st.SearchStrategy[Any]], Any]


def shown_text(max_size: int = 20) -> st.SearchStrategy[str]:
    """Return a strategy for text that can be stored and shown: any language, no control characters."""
    return st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=max_size)


def captions() -> st.SearchStrategy[str | None]:
    """Return a strategy for captions: none, or a short text."""
    return st.none() | shown_text()


def _pixels(shape: tuple[int, ...]) -> st.SearchStrategy[Any]:
    return hnp.arrays(np.uint8, shape) | hnp.arrays(np.float32, shape, elements=st.floats(0, 1, width=32))


@st.composite
def images(draw: Draw, max_side: int = 8, *, layers: bool = True) -> Image:
    """Draw a picture of 1 to `max_side` pixels a side, grey, RGB or RGBA, some with masks and boxes (`layers`)."""
    height, width = draw(st.integers(1, max_side)), draw(st.integers(1, max_side))
    channels = draw(st.sampled_from([(), (1,), (3,), (4,)]))
    options: dict[str, Any] = {"caption": draw(captions())}
    if layers and draw(st.booleans()):
        options["masks"] = {"truth": draw(_mask_data(height, width))}
    if layers and draw(st.booleans()):
        options["boxes"] = {"found": draw(_box_layer())}
    return Image(draw(_pixels((height, width, *channels))), **options)


def _labels() -> st.SearchStrategy[dict[int, str]]:
    return st.dictionaries(st.integers(0, MOST_CLASSES), shown_text(8).filter(str.strip), max_size=MOST_CLASSES)


def _mask_data(height: int, width: int) -> st.SearchStrategy[dict[str, Any]]:
    ids = hnp.arrays(np.uint8, (height, width), elements=st.integers(0, MOST_CLASSES))
    return st.fixed_dictionaries({"mask_data": ids}, optional={"class_labels": _labels()})


@st.composite
def masks(draw: Draw, max_side: int = 8) -> ImageMask:
    """Draw a mask of class ids 0 to 5, with or without labels."""
    return ImageMask(draw(_mask_data(draw(st.integers(1, max_side)), draw(st.integers(1, max_side)))))


@st.composite
def _box(draw: Draw) -> dict[str, Any]:
    unit = st.floats(0, 1, width=32)
    low_x, high_x = sorted((draw(unit), draw(unit)))
    low_y, high_y = sorted((draw(unit), draw(unit)))
    box: dict[str, Any] = {
        "position": {"minX": low_x, "maxX": high_x, "minY": low_y, "maxY": high_y},
        "class_id": draw(st.integers(0, MOST_CLASSES)),
    }
    if draw(st.booleans()):
        box["scores"] = {"confidence": draw(unit)}
    if draw(st.booleans()):
        box["box_caption"] = draw(shown_text())
    return box


def _box_layer() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"box_data": st.lists(_box(), max_size=4)}, optional={"class_labels": _labels()})


def boxes() -> st.SearchStrategy[BoundingBoxes2D]:
    """Return a strategy for a layer of up to 4 boxes in fractions of the picture."""
    return _box_layer().map(BoundingBoxes2D)


def class_sets() -> st.SearchStrategy[Classes]:
    """Return a strategy for sets of up to 5 classes."""
    return _labels().map(lambda labels: Classes([{"id": id, "name": name} for id, name in labels.items()]))


@st.composite
def audio(draw: Draw, max_samples: int = 50) -> Audio:
    """Draw a WAV of up to `max_samples` samples, mono or stereo, of floats in [-1, 1] or of 16-bit integers."""
    shape = (draw(st.integers(1, max_samples)), *draw(st.sampled_from([(), (2,)])))
    floats = hnp.arrays(np.float32, shape, elements=st.floats(-1, 1, width=32))
    rate = draw(st.sampled_from([8_000, 16_000, 44_100]))
    return Audio(draw(floats | hnp.arrays(np.int16, shape)), sample_rate=rate, caption=draw(captions()))


@st.composite
def videos(draw: Draw, max_side: int = 8) -> Video:
    """Draw a gif of 1 to 3 frames, grey or RGB."""
    frames, channels = draw(st.integers(1, 3)), draw(st.sampled_from([1, 3]))
    shape = frames, channels, draw(st.integers(1, max_side)), draw(st.integers(1, max_side))
    fps = draw(st.sampled_from([1, 4, 12.5]))
    return Video(draw(hnp.arrays(np.uint8, shape)), fps=fps, format="gif", caption=draw(captions()))


@st.composite
def histograms(draw: Draw, max_samples: int = 50) -> Histogram:
    """Draw a histogram of samples, some of them NaN or infinite, of 1 to 64 bins, or of given counts."""
    if draw(st.booleans()):
        counts = draw(st.lists(st.integers(0, 1_000), min_size=1, max_size=8))
        edges = np.cumsum(draw(hnp.arrays(np.float64, len(counts) + 1, elements=st.floats(0.125, 10, width=32))))
        return Histogram(np_histogram=(counts, edges))
    elements = st.floats(-1e6, 1e6, width=32) | st.sampled_from([np.nan, np.inf, -np.inf])
    samples = draw(hnp.arrays(np.float64, st.integers(0, max_samples), elements=elements))
    return Histogram(samples, num_bins=draw(st.integers(1, 64)))


def tensors() -> st.SearchStrategy[Tensor]:
    """Return a strategy for arrays of up to 3 axes, of whole numbers, floats (NaN and infinities too) or booleans."""
    shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
    dtypes = st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_])
    return hnp.arrays(dtypes, shapes).map(Tensor)
