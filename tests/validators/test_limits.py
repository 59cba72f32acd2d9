"""Every documented number, pinned: a change here is a change of what users may log."""

from __future__ import annotations

import re

import pytest

from medialog.validators.limits import LIMITS, Limit

PINNED = {
    "array.range": 1_000_000,
    "array.text": 32,
    "audio.channels": 64,
    "audio.chunks": 1000,
    "audio.duration": 3600,
    "audio.flac_channels": 8,
    "audio.flac_sample_rate": 655_350,
    "audio.formats": ("wav", "flac", "ogg", "mp3"),
    "audio.ogg_channels": 255,
    "audio.ogg_sample_rate": 200_000,
    "audio.pages": 200_000,
    "audio.per_step": 100,
    "audio.playable_channels": 8,
    "audio.playable_rate": (3000, 768_000),
    "audio.sample_rate": 10_000_000,
    "audio.size": 2_147_483_648,
    "audio.tags": 16_777_216,
    "audio.wav_size": 4_294_967_258,
    "boxes.per_layer": 1_000_000,
    "caption.length": 2000,
    "figure.points": 100_000,
    "figure.size": 67_108_864,
    "file.in_memory": 64 * 2**20,
    "files.inline": 64,
    "histogram.bins": 512,
    "histogram.bins_default": 64,
    "html.size": 10 * 2**20,
    "image.frames": 1000,
    "image.frames_pixels": 400_000_000,
    "image.per_list": 108,
    "image.per_step_advice": 50,
    "image.pixels": 100_000_000,
    "image.side": 65_500,
    "image.side_jpeg": 65_500,
    "image.side_webp": 16_383,
    "json.depth": 64,
    "key.length": 256,
    "line.size": 67_108_864,
    "list.numbers": 10_000,
    "mask.class_id": (0, 255),
    "mask.class_id_16": (0, 65_535),
    "metric.columns_advice": 500,
    "metric.name": "^[_a-zA-Z][_a-zA-Z0-9]*$",
    "metric.points_advice": 10_000,
    "molecule.atoms": 1_000_000,
    "molecule.drawing": 1000,
    "molecule.embedding": 300,
    "molecule.formats": ("pdb", "pqr", "mmcif", "mcif", "cif", "sdf", "sd", "gro", "mol2", "mmtf"),
    "molecule.size": 268_435_456,
    "molecule.smiles": 10_000,
    "object3d.box_tolerance": 0.02,
    "object3d.category": (1, 14),
    "object3d.formats": ("obj", "gltf", "glb", "stl", "ply"),
    "object3d.json": 67_108_864,
    "object3d.line": 1_048_576,
    "object3d.nodes": 100_000,
    "object3d.points": 300_000,
    "object3d.rgb": (0, 255),
    "object3d.size": 1_073_741_824,
    "plot.curve_points": 10_000,
    "table.columns_default": ("Input", "Output", "Expected"),
    "table.json_rows": 1000,
    "table.rows": 10_000,
    "tensor.inline": 32,
    "text.size": 10_485_760,
    "video.formats": ("gif", "mp4", "webm", "ogg"),
    "video.fps_default": 4,
    "video.fps_max": 1000,
    "video.fps_min": 0.01,
    "video.frames_pixels": 2_000_000_000,
    "video.pixels": 35_651_584,
    "video.side": 16_383,
    "video.size": 2 * 2**30,
}
FIXED = {
    "audio.flac_channels",
    "audio.flac_sample_rate",
    "audio.formats",
    "audio.ogg_channels",
    "audio.ogg_sample_rate",
    "audio.wav_size",
    "figure.points",
    "files.inline",
    "image.side_jpeg",
    "image.side_webp",
    "mask.class_id",
    "mask.class_id_16",
    "molecule.formats",
    "object3d.category",
    "object3d.formats",
    "object3d.rgb",
    "table.columns_default",
    "table.json_rows",
    "video.formats",
    "video.fps_max",
    "video.fps_min",
}


@pytest.mark.parametrize("name", PINNED)
def test_defaults(name: str) -> None:
    assert PINNED[name] == LIMITS[name].value
    assert type(PINNED[name]) is type(LIMITS[name].value)
    assert (name not in FIXED) == LIMITS[name].settable


def test_every_limit_is_pinned() -> None:
    assert sorted(PINNED) == list(LIMITS), "pin new limits in this table, with the number that the documents give"


@pytest.mark.parametrize("limit", LIMITS.values(), ids=list(LIMITS))
def test_every_limit_says_what_it_is(limit: Limit) -> None:
    assert re.fullmatch(r"[a-z0-9]+\.[a-z0-9_]+", limit.id)
    assert limit.unit
    assert limit.why
    assert limit.source


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        LIMITS["image.side"] = LIMITS["image.pixels"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        LIMITS["image.side"].value = 1  # type: ignore[misc]
