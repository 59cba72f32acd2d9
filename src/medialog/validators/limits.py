"""Every documented number of medialog, once.

Checks, schemas and the documentation take their numbers from here. A *settable* limit can be changed for a run,
`medialog.init(limits={"table.rows": 200_000})`, or for one value, `Image(a, limits={"image.pixels": 10**9})`.

Sources: "guide" is the `wandb.log` guide (of 2019 and 2020), "overview" the current overview of `wandb.log`, "W&B" the
constant that the wandb package enforces, "safety" is medialog's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

MIB = 2**20
GIB = 2**30

LimitValue = int | float | str | tuple[int, int] | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """A documented number: `id`, `value`, `unit`, `over` (what happens past it), `why`, `source`, `settable`."""

    id: str
    value: LimitValue
    unit: str
    over: str
    why: str
    source: str
    settable: bool = True


def _table(*limits: Limit) -> MappingProxyType[str, Limit]:
    return MappingProxyType({limit.id: limit for limit in sorted(limits, key=lambda limit: limit.id)})


LIMITS = _table(
    Limit("array.text", 32, "elements", "error", "a longer array of strings is data for a Table", "decision 24"),
    Limit("audio.duration", 3_600, "seconds", "error", "one hour of sound is hundreds of megabytes", "safety"),
    Limit("audio.per_step", 100, "clips in a list", "error", "the documented maximum per step", "guide"),
    Limit("boxes.per_layer", 1_000_000, "boxes", "error", "more is a table, and no viewer draws it", "safety"),
    Limit("caption.length", 2_000, "characters", "error", "a caption is a line of text, not a document", "safety"),
    Limit("file.in_memory", 64 * MIB, "bytes", "hashed now, copied later", "larger files are not held in memory",
          "decision 17"),
    Limit("histogram.bins", 512, "bins", "error", "the documented maximum", "guide"),
    Limit("histogram.bins_default", 64, "bins", "", "the documented default", "guide"),
    Limit("html.size", 10 * MIB, "bytes", "error", "a page larger than this does not open in a panel", "safety"),
    Limit("image.frames", 1_000, "frames", "error", "small files can claim any number of frames", "safety"),
    Limit("image.frames_pixels", 400_000_000, "pixels in all frames", "error", "per-frame limits are not enough",
          "safety"),
    Limit("image.per_list", 108, "images in a list", "error", "the cap that W&B enforces by dropping the rest", "W&B"),
    Limit("image.per_step_advice", 50, "images in a list", "one warning per key", "'not more than 20-50 per step'",
          "guide"),
    Limit("image.pixels", 100_000_000, "pixels", "error before decoding", "decompression bombs", "safety"),
    Limit("image.side", 65_500, "pixels", "error before decoding", "W&B's constant, and where libjpeg ends", "W&B"),
    Limit("image.side_jpeg", 65_500, "pixels", "error", "the most that libjpeg reads and writes", "JPEG", settable=False),
    Limit("image.side_webp", 16_383, "pixels", "error", "the WebP format's own field", "WebP", settable=False),
    Limit("json.depth", 64, "levels", "error", "deeper nesting is a cycle or an attack", "safety"),
    Limit("key.length", 256, "characters", "error", "a key is a name", "safety"),
    Limit("list.numbers", 10_000, "numbers in a Python list", "error that names Histogram and Table",
          "a longer list of plain numbers is a distribution or a table", "decision 24"),
    Limit("mask.class_id", (0, 255), "class id", "error", "masks are stored as 8-bit grey pictures", "W&B",
          settable=False),
    Limit("mask.class_id_16", (0, 65_535), "class id", "error", "with bits=16", "decision 24", settable=False),
    Limit("metric.columns_advice", 500, "keys", "one warning", "more than 500 columns are not shown", "guide"),
    Limit("metric.name", r"^[_a-zA-Z][_a-zA-Z0-9]*$", "pattern of each part between / or .", "listed at finish",
          "the documented form of a metric name", "overview"),
    Limit("metric.points_advice", 10_000, "points per key", "one warning", "'fewer than 10,000 points per metric'",
          "guide"),
    Limit("molecule.formats", ("pdb", "pqr", "mmcif", "mcif", "cif", "sdf", "sd", "gro", "mol2", "mmtf"), "format",
          "error", "the ten documented formats", "guide", settable=False),
    Limit("object3d.category", (1, 14), "category", "error", "the documented range of a point's class", "guide",
          settable=False),
    Limit("object3d.formats", ("obj", "gltf", "glb", "stl", "ply"), "format", "error",
          "the documented three, and two that are as common", "guide", settable=False),
    Limit("object3d.points", 300_000, "points", "one warning", "viewers drop more without a word", "W&B"),
    Limit("object3d.rgb", (0, 255), "colour", "clamped and recorded; error when strict",
          "the documented range; the guide's own box has 321", "guide", settable=False),
    Limit("table.columns_default", ("Input", "Output", "Expected"), "columns", "", "the documented default", "guide",
          settable=False),
    Limit("table.rows", 10_000, "rows", "error that says how to raise it",
          "the documented maximum (300 in the first guide, 200,000 in W&B's artifacts)", "guide"),
    Limit("tensor.inline", 32, "elements", "a histogram of 64 bins", "the documented size up to which values are kept",
          "guide"),
    Limit("video.formats", ("gif", "mp4", "webm", "ogg"), "format", "error", "the four documented formats", "guide",
          settable=False),
    Limit("video.fps_default", 4, "frames per second", "", "the documented default", "guide"),
    Limit("video.size", 2 * GIB, "bytes", "error", "a file of this size does not belong in a step", "safety"),
)
