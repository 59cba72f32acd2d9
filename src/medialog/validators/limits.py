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
    assert [limit.id for limit in limits] == sorted({limit.id for limit in limits}), "sorted by id, each once"
    return MappingProxyType({limit.id: limit for limit in limits})


LIMITS = _table(
    Limit(
        "array.range",
        1_000_000,
        "elements of a Python range",
        "error",
        "a range takes no memory until it is read; numpy.arange(n) says that it is meant",
        "safety",
    ),
    Limit("array.text", 32, "elements", "error", "a longer array of strings is data for a Table", "decision 24"),
    Limit(
        "audio.channels",
        64,
        "channels",
        "error",
        "seventh-order ambisonics; more is not sound, or a transposed array",
        "safety",
    ),
    Limit("audio.chunks", 1_000, "chunks or metadata blocks of a file", "error", "a real file has a dozen", "safety"),
    Limit("audio.duration", 3_600, "seconds", "error", "one hour of sound is hundreds of megabytes", "safety"),
    Limit("audio.flac_channels", 8, "channels", "error", "the FLAC format's own field", "FLAC", settable=False),
    Limit(
        "audio.flac_sample_rate",
        655_350,
        "frames a second",
        "error",
        "the FLAC format's own field",
        "FLAC",
        settable=False,
    ),
    Limit(
        "audio.formats",
        ("wav", "flac", "ogg", "mp3"),
        "format",
        "error",
        "the formats that browsers play",
        "safety",
        settable=False,
    ),
    Limit("audio.ogg_channels", 255, "channels", "error", "the Vorbis format's own field", "Vorbis", settable=False),
    Limit(
        "audio.ogg_sample_rate",
        200_000,
        "frames a second",
        "error",
        "the Vorbis encoder's own range",
        "Vorbis",
        settable=False,
    ),
    Limit("audio.pages", 200_000, "Ogg pages of a file", "error", "an hour has 4,000", "safety"),
    Limit("audio.per_step", 100, "clips in a list", "error", "the documented maximum per step", "guide"),
    Limit("audio.playable_channels", 8, "channels", "one warning", "what Chromium plays (measured)", "Chromium"),
    Limit(
        "audio.playable_rate",
        (3_000, 768_000),
        "frames a second",
        "one warning",
        "what Chromium plays (measured)",
        "Chromium",
    ),
    Limit("audio.sample_rate", 10_000_000, "frames a second", "error", "ultrasound is below it", "safety"),
    Limit(
        "audio.size",
        2 * GIB,
        "bytes of a file, and of its samples",
        "error",
        "a sound of this size does not belong in a step",
        "safety",
    ),
    Limit("audio.tags", 16 * MIB, "bytes of ID3 tags", "error", "a cover picture is far smaller", "safety"),
    Limit(
        "audio.wav_size",
        2**32 - 38,
        "bytes of samples in a WAV file",
        "error",
        "the WAV format's own field",
        "WAV",
        settable=False,
    ),
    Limit("boxes.per_layer", 1_000_000, "boxes", "error", "more is a table, and no viewer draws it", "safety"),
    Limit("caption.length", 2_000, "characters", "error", "a caption is a line of text, not a document", "safety"),
    Limit(
        "figure.points",
        100_000,
        "points",
        "picture only, with the reason",
        "an interactive figure of more stands still in a browser; the picture has them all",
        "safety",
        settable=False,
    ),
    Limit(
        "figure.size",
        64 * MIB,
        "bytes of JSON",
        "error",
        "a figure larger than this does not open in a panel",
        "safety",
    ),
    Limit(
        "file.in_memory",
        64 * MIB,
        "bytes",
        "hashed now, copied later",
        "larger files are not held in memory",
        "decision 17",
    ),
    Limit(
        "files.inline",
        64,
        "files in a descriptor",
        "a refs file lists them",
        "a history line stays a line",
        "decision 11",
        settable=False,
    ),
    Limit("histogram.bins", 512, "bins", "error", "the documented maximum", "guide"),
    Limit("histogram.bins_default", 64, "bins", "", "the documented default", "guide"),
    Limit("html.size", 10 * MIB, "bytes", "error", "a page larger than this does not open in a panel", "safety"),
    Limit("image.frames", 1_000, "frames", "error", "small files can claim any number of frames", "safety"),
    Limit(
        "image.frames_pixels", 400_000_000, "pixels in all frames", "error", "per-frame limits are not enough", "safety"
    ),
    Limit("image.per_list", 108, "images in a list", "error", "the cap that W&B enforces by dropping the rest", "W&B"),
    Limit(
        "image.per_step_advice",
        50,
        "images in a list",
        "one warning per key",
        "'not more than 20-50 per step'",
        "guide",
    ),
    Limit("image.pixels", 100_000_000, "pixels", "error before decoding", "decompression bombs", "safety"),
    Limit("image.side", 65_500, "pixels", "error before decoding", "W&B's constant, and where libjpeg ends", "W&B"),
    Limit(
        "image.side_jpeg", 65_500, "pixels", "error", "the most that libjpeg reads and writes", "JPEG", settable=False
    ),
    Limit("image.side_webp", 16_383, "pixels", "error", "the WebP format's own field", "WebP", settable=False),
    Limit("json.depth", 64, "levels", "error", "deeper nesting is a cycle or an attack", "safety"),
    Limit("key.length", 256, "characters", "error", "a key is a name", "safety"),
    Limit(
        "line.size",
        64 * MIB,
        "bytes of a line of events",
        "error; a reader passes a longer one over and reports it",
        "a line is held in memory as a whole; what is larger belongs in a media file",
        "safety",
    ),
    Limit(
        "list.numbers",
        10_000,
        "numbers in a Python list",
        "error that names Histogram and Table",
        "a longer list of plain numbers is a distribution or a table",
        "decision 24",
    ),
    Limit(
        "mask.class_id", (0, 255), "class id", "error", "masks are stored as 8-bit grey pictures", "W&B", settable=False
    ),
    Limit("mask.class_id_16", (0, 65_535), "class id", "error", "with bits=16", "decision 24", settable=False),
    Limit("metric.columns_advice", 500, "keys", "one warning", "more than 500 columns are not shown", "guide"),
    Limit(
        "metric.name",
        r"^[_a-zA-Z][_a-zA-Z0-9]*$",
        "pattern of each part between / or .",
        "listed at finish",
        "the documented form of a metric name",
        "overview",
    ),
    Limit(
        "metric.points_advice",
        10_000,
        "points per key",
        "one warning",
        "'fewer than 10,000 points per metric'",
        "guide",
    ),
    Limit("molecule.atoms", 1_000_000, "atoms in a file", "error", "more does not turn in a browser", "safety"),
    Limit(
        "molecule.drawing",
        1_000,
        "atoms of a molecule without coordinates",
        "error",
        "the time of a 2-D drawing grows with the cube: 1,000 atoms take seconds, 4,000 minutes",
        "safety",
    ),
    Limit(
        "molecule.embedding",
        300,
        "atoms, hydrogens included",
        "a 2-D drawing instead, recorded and warned about",
        "the time of a 3-D embedding grows with the cube: 300 atoms take seconds, 900 minutes",
        "safety",
    ),
    Limit(
        "molecule.formats",
        ("pdb", "pqr", "mmcif", "mcif", "cif", "sdf", "sd", "gro", "mol2", "mmtf"),
        "format",
        "error",
        "the ten documented formats",
        "guide",
        settable=False,
    ),
    Limit(
        "molecule.size",
        256 * MIB,
        "bytes",
        "error before parsing",
        "a million atoms of mmCIF are about 100 MiB",
        "safety",
    ),
    Limit("molecule.smiles", 10_000, "characters", "error before parsing", "no molecule to draw is longer", "safety"),
    Limit(
        "object3d.box_tolerance",
        0.02,
        "of the box's diagonal",
        "error",
        "how far a corner may be from where a box has it: corners rounded to centimetres pass",
        "safety",
    ),
    Limit(
        "object3d.category",
        (1, 14),
        "category",
        "error",
        "the documented range of a point's class",
        "guide",
        settable=False,
    ),
    Limit(
        "object3d.formats",
        ("obj", "gltf", "glb", "stl", "ply"),
        "format",
        "error",
        "the documented three, and two that are as common",
        "guide",
        settable=False,
    ),
    Limit(
        "object3d.json",
        64 * MIB,
        "bytes of JSON in a glTF",
        "error",
        "embedded data of this size belongs in a GLB",
        "safety",
    ),
    Limit("object3d.line", MIB, "bytes in a line of a text file", "error", "no exporter writes such a line", "safety"),
    Limit(
        "object3d.nodes",
        100_000,
        "nodes of a glTF",
        "error",
        "more is a program's output gone wrong, and no viewer draws it",
        "safety",
    ),
    Limit("object3d.points", 300_000, "points", "one warning", "viewers drop more without a word", "W&B"),
    Limit(
        "object3d.rgb",
        (0, 255),
        "colour",
        "clamped and recorded; error when strict",
        "the documented range; the guide's own box has 321",
        "guide",
        settable=False,
    ),
    Limit("object3d.size", GIB, "bytes", "error", "a file of this size does not open in a viewer", "safety"),
    Limit(
        "plot.curve_points",
        10_000,
        "points in all curves of a chart",
        "thinned evenly and recorded; error when strict",
        "more points than pixels slow every viewer down",
        "W&B",
    ),
    Limit(
        "table.columns_default",
        ("Input", "Output", "Expected"),
        "columns",
        "",
        "the documented default",
        "guide",
        settable=False,
    ),
    Limit(
        "table.json_rows",
        1_000,
        "rows",
        "Parquet instead of JSON",
        "a small table is one that any tool reads",
        "decision 15",
        settable=False,
    ),
    Limit(
        "table.rows",
        10_000,
        "rows",
        "error that says how to raise it",
        "the documented maximum (300 in the first guide, 200,000 in W&B's artifacts)",
        "guide",
    ),
    Limit(
        "tensor.inline",
        32,
        "elements",
        "a histogram of 64 bins",
        "the documented size up to which values are kept",
        "guide",
    ),
    Limit("text.size", 10 * MIB, "bytes", "error", "a text larger than this does not open in a panel", "safety"),
    Limit(
        "video.formats",
        ("gif", "mp4", "webm", "ogg"),
        "format",
        "error",
        "the four documented formats",
        "guide",
        settable=False,
    ),
    Limit("video.fps_default", 4, "frames per second", "", "the documented default", "guide"),
    Limit(
        "video.fps_max", 1_000, "frames per second", "error", "WebM's clock has milliseconds", "WebM", settable=False
    ),
    Limit(
        "video.fps_min",
        0.01,
        "frames per second",
        "error",
        "a gif shows a frame for 655 seconds at most",
        "GIF",
        settable=False,
    ),
    Limit(
        "video.frames_pixels",
        2_000_000_000,
        "pixels in all frames",
        "error before encoding or decoding",
        "six gigabytes of pixels: a minute of work and a decompression bomb",
        "safety",
    ),
    Limit(
        "video.pixels",
        35_651_584,
        "pixels in a frame",
        "error before encoding or decoding",
        "the largest frame of H.264 (level 6.2), a little above 8192 x 4320",
        "H.264",
    ),
    Limit("video.side", 16_383, "pixels", "error before encoding or decoding", "the VP8 format's own field", "VP8"),
    Limit("video.size", 2 * GIB, "bytes", "error", "a file of this size does not belong in a step", "safety"),
)
