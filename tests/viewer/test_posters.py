"""Posters: a picture for every type, whatever its files hold, the same each time."""

from __future__ import annotations

import io
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import medialog
from medialog.datatypes.files import MemorySink
from medialog.datatypes.mesh import surface
from medialog.viewer.posters import atoms
from medialog.viewer.posters.axes import ticks
from medialog.viewer.posters.cache import PosterCache
from medialog.viewer.posters.draw import BY_KIND, draw
from medialog.wire import kinds

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
PICTURES = [
    f"picture.{name}" for name in ("png", "jpg", "gif", "bmp", "webp", "grey16.png", "palette.png", "animated.png")
]
SOLIDS = [f"solid.{name}" for name in ("obj", "glb", "gltf", "ply", "stl", "ascii.ply", "ascii.stl")]


def poster_of(value: Any) -> tuple[Any, Image.Image]:
    sink = MemorySink()
    drawn = draw(value.encode(sink), sink.storage)
    return drawn, drawn.image.convert("RGB")


def colors(image: Image.Image) -> int:
    return len(image.getcolors(1 << 20) or ())


def test_every_kind_is_drawn() -> None:
    lists = {cls.list_kind for cls in map(kinds.find_class, kinds.KINDS)}

    assert set(kinds.KINDS) - lists == set(BY_KIND)


@pytest.mark.parametrize(
    "path",
    sorted((FIXTURES / "descriptors" / "valid").rglob("*.json")),
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_every_descriptor_has_a_poster_without_its_files(path: Path) -> None:
    poster = PosterCache(MemorySink().storage).get(json.loads(path.read_text()))

    with Image.open(io.BytesIO(poster.data)) as image:
        image.load()
        assert (poster.width, poster.height) == image.size
        assert max(image.size) <= 680


@pytest.mark.parametrize("name", PICTURES)
def test_pictures(name: str) -> None:
    drawn, image = poster_of(medialog.Image(FIXTURES / "media" / name))

    assert drawn.whole
    assert 1 < colors(image)


def test_masks_and_boxes_are_in_the_picture() -> None:
    mask = np.zeros((40, 40), int)
    mask[:20] = 1
    box = {"position": {"minX": 0.5, "maxX": 0.9, "minY": 0.6, "maxY": 0.9}, "class_id": 2}

    _, image = poster_of(medialog.Image(
        np.zeros((40, 40, 3)), masks={"m": {"mask_data": mask}}, boxes={"b": {"box_data": [box]}}
    ))  # fmt: skip

    width, height = image.size
    assert (0, 0, 0) == image.getpixel((width // 4, height * 3 // 4))
    assert (0, 0, 0) != image.getpixel((width // 4, height // 4))
    assert (0, 158, 115) in {image.getpixel((int(width * 0.7), y)) for y in range(height)}


@pytest.mark.parametrize("name", ["clip.gif", "clip.mp4", "clip.webm", "clip.ogg"])
def test_videos(name: str) -> None:
    drawn, image = poster_of(medialog.Video(FIXTURES / "media" / name))

    assert drawn.whole
    assert 3 < colors(image)


@pytest.mark.parametrize(
    "name", ["sound.wav", "sound.float.wav", "sound.flac", "sound.ogg", "sound.mp3", "sound.opus.ogg"]
)
def test_sounds(name: str) -> None:
    drawn, image = poster_of(medialog.Audio(FIXTURES / "media" / name))

    assert drawn.whole
    assert (0, 114, 178) in {color for _, color in image.getcolors(1 << 20) or ()}


@pytest.mark.parametrize("name", SOLIDS)
def test_meshes(name: str) -> None:
    drawn, image = poster_of(medialog.Object3D(FIXTURES / "media" / name))

    assert drawn.whole
    assert 3 < colors(image), "faces in several lights"


@pytest.mark.parametrize("name", SOLIDS)
def test_the_triangles_of_a_mesh_are_those_that_trimesh_reads(name: str) -> None:
    import trimesh

    data = (FIXTURES / "media" / name).read_bytes()
    vertices, faces = surface.read(Path(name).suffix[1:], data)
    mesh: Any = trimesh.load(io.BytesIO(data), file_type=Path(name).suffix[1:], force="mesh")

    ours = vertices[faces].reshape(-1, 9)
    theirs = np.asarray(mesh.triangles).reshape(-1, 9)
    assert len(theirs) == len(ours)
    assert np.allclose(np.sort(ours.sum(axis=1)), np.sort(theirs.sum(axis=1)), atol=1e-5)
    assert np.allclose(np.asarray(mesh.bounds), [vertices.min(axis=0), vertices.max(axis=0)], atol=1e-6)


@pytest.mark.parametrize("columns", [3, 4, 6])
def test_clouds(columns: int) -> None:
    points = np.random.default_rng(0).normal(size=(500, columns))
    if columns == 4:
        points[:, 3] = np.arange(500) % 14 + 1
    if columns == 6:
        points[:, 3:] = np.arange(1500).reshape(500, 3) % 256

    drawn, image = poster_of(medialog.Object3D(points.astype(np.float32)))

    assert drawn.whole
    assert 20 < colors(image)


def test_many_faces_are_closed_by_points() -> None:
    side = 120
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    rows = [f"v {a} {b} {np.sin(a / 9) * 8:.3f}" for a, b in zip(x.ravel(), y.ravel(), strict=True)]
    index = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)).ravel() + 1
    rows += [f"f {i} {i + 1} {i + side + 1} {i + side}" for i in index]

    drawn, image = poster_of(medialog.Object3D(io.BytesIO("\n".join(rows).encode()), file_type="obj"))

    assert drawn.whole
    assert 10 < colors(image)


def test_scenes_have_their_boxes() -> None:
    box = medialog.box3d(center=(0, 0, 0), size=(2, 2, 2), orientation=(1, 0, 0, 0), color=(255, 0, 0), label="box")
    scene = medialog.Object3D.from_point_cloud(np.zeros((1, 3)), [box], [{"start": [0, 0, 0], "end": [1, 1, 1]}])

    drawn, image = poster_of(scene)

    assert drawn.whole
    assert (255, 0, 0) in {color for _, color in image.getcolors(1 << 20) or ()}


@pytest.mark.parametrize("path", sorted((FIXTURES / "molecules").iterdir()), ids=lambda path: path.suffix[1:])
def test_molecules(path: Path) -> None:
    format = path.suffix[1:]
    value = medialog.Molecule(path)
    elements, places = atoms.read(path.read_bytes(), format, 1_000)

    drawn, image = poster_of(value)

    sink = MemorySink()
    facts = value.encode(sink)
    assert facts["atoms"] // facts.get("models", 1) == len(elements) == len(places), "the first model"
    assert set(elements) <= set(atoms.COLORS)
    assert drawn.whole
    assert 4 < colors(image)


def test_formats_of_one_molecule_agree() -> None:
    found = {}
    for format in ("pdb", "pqr", "sdf", "sd", "mol2", "mmcif", "mmtf", "gro"):
        elements, places = atoms.read((FIXTURES / "molecules" / f"molecule.{format}").read_bytes(), format, 1_000)
        middle = np.array(places) - np.mean(places, axis=0)
        found[format] = sorted(elements), np.sort(np.linalg.norm(middle, axis=1))

    for elements, distances in found.values():
        assert found["pdb"][0] == elements
        assert np.allclose(found["pdb"][1], distances, atol=0.06)


def test_bonds_are_between_neighbours() -> None:
    places = np.array([[0, 0, 0], [1.5, 0, 0], [10, 0, 0], [1.9, 1, 0]], float)

    assert [(0, 1), (1, 3)] == atoms.bonds(["C", "C", "C", "H"], places)


def test_lists_are_side_by_side() -> None:
    sink = MemorySink()
    images = [medialog.Image(np.full((8, 8), index / 20)) for index in range(20)]
    value = medialog.MediaList(images).encode_into(sink)

    drawn = draw(value, sink.storage)

    assert drawn.whole
    assert 12 < colors(drawn.image.convert("RGB"))


def test_the_same_value_has_the_same_poster() -> None:
    sink = MemorySink()
    value = medialog.Histogram(np.arange(100.0)).encode(sink)

    assert PosterCache(sink.storage).get(value) == PosterCache(sink.storage).get(value)


# --- what cannot be drawn ---


def bomb() -> bytes:
    """Return a PNG of a few kilobytes that says it has 30,000 x 30,000 pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(10_000_000)))
        + chunk(b"IEND", b"")
    )


def descriptor(sink: MemorySink, kind: str, suffix: str, content: bytes, **facts: Any) -> dict[str, Any]:
    reference = sink.write(suffix, content)
    return {"_type": kind, "path": reference.path, "sha256": reference.sha256, "size": reference.size, **facts}


@pytest.mark.parametrize(
    ("kind", "suffix", "content", "facts"),
    [
        ("image-file", "png", bomb(), {"format": "png"}),
        ("image-file", "png", b"<svg onload=x>", {"format": "png"}),
        ("video-file", "mp4", b"\0\0\0\x20ftyp", {"format": "mp4"}),
        ("audio-file", "wav", b"RIFF\0", {"format": "wav"}),
        ("table-file", "table.json", b"[" * 100_000, {"format": "json"}),
        ("table-file", "table.json", b'{"columns": 1}', {"format": "json"}),
        ("table-file", "parquet", b"PAR1", {"format": "parquet"}),
        ("object3D-file", "glb", b"glTF", {"format": "glb"}),
        ("object3D-file", "obj", b"v 1 2 3\nf 1 999999999 3\n", {"format": "obj"}),
        ("object3D-file", "ply", b"ply\n", {"format": "ply", "points": 3}),
        ("object3D-file", "scene.json", b'{"points": {"sha256": "../x", "size": 1}}', {"format": "scene.json"}),
        ("molecule-file", "pdb", b"ATOM", {"format": "pdb"}),
        ("molecule-file", "mmtf", b"\xde\xff", {"format": "mmtf"}),
        ("vega-file", "vl.json", b'{"data": {"url": "http://127.0.0.1:9/x"}, "mark": "point"}', {"format": "vl.json"}),
        (
            "plotly-file",
            "plotly.json",
            b'{"data": [{"y": {"dtype": "O", "bdata": "AAAA"}}]}',
            {"format": "plotly.json"},
        ),
        ("text-file", "txt", b"\xff\xfe\0", {"format": "text"}),
        ("html-file", "html", b"<script>" * 10_000, {"format": "html"}),
        ("chart", "vl.json", b"null", {"format": "vega-lite"}),
        ("histogram", "x", b"x", {"bins": [0], "values": []}),
        ("nobody's kind", "bin", b"x", {"caption": "\u202e\0 evil " * 50}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_whatever_a_file_holds_there_is_a_poster(kind: str, suffix: str, content: bytes, facts: dict[str, Any]) -> None:
    sink = MemorySink()

    image = draw(descriptor(sink, kind, suffix, content, **facts), sink.storage).image

    assert 1 < colors(image.convert("RGB")), "its name and its facts at least"


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    import pickle

    class Touch:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "hit",)

    array = io.BytesIO()
    np.lib.format.write_array_header_1_0(array, {"descr": "|O", "fortran_order": False, "shape": (1,)})
    array.write(pickle.dumps(Touch()))
    sink = MemorySink()
    file = descriptor(sink, "", "npy", array.getvalue())
    drawn = draw({"_type": "numpy.ndarray", "shape": [1], "dtype": "object", "file": file}, sink.storage)

    assert not drawn.whole
    assert not (tmp_path / "hit").exists()


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (-3.0, 7.0), (1e-9, 2e-9), (0.0, 1e300), (5.0, 5.0), (9e15, 9e15 + 8)]
)
def test_ticks_lie_in_their_range_and_are_few(low: float, high: float) -> None:
    found = ticks(low, high)

    assert len(found) <= 7
    assert all(low - 1e-9 * abs(low) <= tick <= high + 1e-9 * abs(high) for tick in found)
    assert (2 <= len(found)) == (low < high)
