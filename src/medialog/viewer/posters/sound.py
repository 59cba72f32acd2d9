"""The poster of a sound: its waveform."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from medialog.viewer import media
from medialog.viewer.posters import canvas
from medialog.viewer.posters.words import draw_facts, reference_of, title_of
from medialog.wire.storage import Storage

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

MOST_BYTES = 64 << 20


def draw_audio(descriptor: Mapping[str, Any], storage: Storage) -> Image:
    """Draw the waveform, all channels as one; where nothing here decodes it, its facts."""
    import numpy as np

    samples = _samples(descriptor, media.read_small(storage, reference_of(descriptor), MOST_BYTES))
    if samples is None:
        return draw_facts(descriptor, "a sound (its waveform needs medialog[audio])")
    image, draw = canvas.blank(canvas.WIDTH, 200)
    loud = np.abs(samples).max(initial=0.0) or 1.0
    left, right, middle, reach = 20, canvas.WIDTH - 20, 104, 74
    edges = np.linspace(0, len(samples), right - left + 1).astype(np.int64)
    draw.line((left, middle, right, middle), fill=canvas.GRID, width=1)
    for column in range(right - left):
        part = samples[edges[column] : max(edges[column + 1], edges[column] + 1)]
        if part.size:
            low, high = float(part.min()) / loud, float(part.max()) / loud
            draw.line((left + column, middle - high * reach, left + column, middle - low * reach), canvas.COLORS[0])
    canvas.write(draw, (20, 10), canvas.one_line(title_of(descriptor), 60), 15)
    seconds, rate, channels = (descriptor.get(name, 0) for name in ("duration", "sample_rate", "channels"))
    facts = f"{seconds:.3g} s, {rate:,} Hz, {channels} channel{'s' * (channels != 1)}"
    canvas.write(draw, (20, 194), facts, 13, canvas.FAINT, "ls")
    return image


def _samples(descriptor: Mapping[str, Any], data: bytes) -> np.ndarray | None:
    """Return the samples, channels one after another mixed into a column; None where they cannot be decoded."""
    import numpy as np

    from medialog.datatypes import wav
    from medialog.validators import rules

    found: Any = None
    if descriptor.get("format") == "wav":
        layout = wav.parse(io.BytesIO(data), len(data), "poster", rules.current())
        found = wav.decode(data, layout)
    if found is None:
        try:
            import soundfile
        except (ImportError, OSError):  # the latter: without libsndfile
            return None
        found, _ = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    array = np.asarray(found)
    values = array.astype(np.float64)
    if array.dtype.kind == "u":
        values -= 2.0 ** (8 * array.dtype.itemsize - 1)
    return np.asarray(np.nan_to_num(values.reshape(len(values), -1).mean(axis=1)))
