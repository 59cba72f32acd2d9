"""PNGs are ordinary files of the very pixels, small, and the same on every machine where that is asked for.

The oracle is Pillow, which decodes them, and Pillow's default, which the sizes are held against.
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
import subprocess
import sys
import tracemalloc
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from browser import FLAGS, browser
from medialog.datatypes import png, png_filters
from medialog.datatypes.files import DirectorySink
from medialog.datatypes.image import Image

CODERS: dict[str, Callable[[], Any]] = {"isal": nullcontext, "zlib": png.by_zlib}
MODES: dict[str, tuple[tuple[int, ...], Any]] = {
    "L": ((), np.uint8),
    "RGB": ((3,), np.uint8),
    "RGBA": ((4,), np.uint8),
    "I;16": ((), np.uint16),
}
SIDES = [(1, 1), (1, 2), (2, 1), (1, 999), (999, 1), (3, 5), (37, 41), (64, 64), (255, 257), (700, 1031)]


@pytest.fixture(params=CODERS)
def coder(request: pytest.FixtureRequest) -> Iterator[str]:
    with CODERS[request.param]():
        yield request.param


def photo(height: int, width: int, channels: int = 3) -> np.ndarray:
    """Return a synthetic photograph: gradients, texture and the noise of a sensor."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    planes = [
        110 + 60 * np.sin(x / width * (5 + k) + y / height * 3) + 30 * np.cos(y / 37 + k) * np.sin(x / 53)
        + 12 * np.sin(x / 3.1 + y / 4.7) + random.normal(0, 5, (height, width))
        for k in range(channels)
    ]  # fmt: skip
    return np.clip(np.stack(planes, axis=2), 0, 255).astype(np.uint8)


def areas(side: int, classes: int = 20) -> np.ndarray:
    """Return a mask: blocks of one class each, their edges a little ragged."""
    random = np.random.default_rng(1)
    coarse = random.integers(0, classes, (side // 16 + 1, side // 16 + 1), dtype=np.uint8)
    y, x = np.mgrid[:side, :side]
    ragged = random.integers(0, 3, (2, side, side))
    return coarse[
        (y + ragged[0] * (x % 31 == 0)) // 16 % len(coarse), (x + ragged[1] * (y % 29 == 0)) // 16 % len(coarse)
    ]


def by_pillow(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def decoded(data: bytes) -> Any:
    png.check_chunks(io.BytesIO(data))  # the checksums, which Pillow passes over
    read = Pillow.open(io.BytesIO(data))
    read.load()
    return read


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, position = [], 8
    while position < len(data):
        (length,) = struct.unpack(">I", data[position : position + 4])
        found.append((data[position + 4 : position + 8], data[position + 8 : position + 8 + length]))
        position += 12 + length
    return found


# --- pixels ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sides", SIDES, ids=str)
@pytest.mark.parametrize("content", ["noise", "flat", "ramp"])
def test_pillow_reads_the_very_pixels(coder: str, mode: str, sides: tuple[int, int], content: str) -> None:
    channels, dtype = MODES[mode]
    shape, most = (*sides, *channels), int(np.iinfo(dtype).max)
    pixels = {
        "noise": lambda: np.random.default_rng(3).integers(0, most, shape, dtype, endpoint=True),
        "flat": lambda: np.full(shape, most, dtype),
        "ramp": lambda: (np.arange(np.prod(shape)) * 7 % (most + 1)).astype(dtype).reshape(shape),
    }[content]()

    read = decoded(png.encode(pixels))

    assert mode == read.mode
    np.testing.assert_array_equal(pixels, np.asarray(read))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("sides", SIDES, ids=str)
def test_pictures_of_pillow_come_back(coder: str, mode: str, sides: tuple[int, int]) -> None:
    if mode == "I;16":
        values = np.random.default_rng(4).integers(0, 65_536, sides, np.uint16)
        picture = Pillow.frombytes("I;16", sides[::-1], values.astype("<u2").tobytes())
    else:
        colours = np.random.default_rng(4).integers(0, 256, (*sides, 4), np.uint8)
        picture = Pillow.fromarray(colours).convert({"P": "RGB"}.get(mode, mode))
        picture = picture.quantize(7) if mode == "P" else picture

    read = decoded(png.encode(picture))

    assert (picture.mode, picture.size) == (read.mode, read.size)
    assert picture.tobytes() == read.tobytes()
    if mode == "P":
        assert picture.convert("RGB").tobytes() == read.convert("RGB").tobytes()


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(2, 12), st.integers(1, 12)),
    st.sampled_from([1, 2, 3, 4]),
    st.sampled_from(range(4)),
    st.integers(0, 2**32),
)
def test_a_filtered_row_is_what_the_specification_says(sides: tuple[int, int], step: int, kind: int, seed: int) -> None:
    """Byte by byte, as section 9.2 of the PNG specification defines the filters."""
    height, pixels = sides
    rows = np.random.default_rng(seed).integers(0, 256, (height, pixels * step), dtype=np.uint8)

    found = png_filters.filtered((rows[:-1], rows[1:]), kind, step)

    for y in range(1, height):
        expected = [kind]
        for x in range(pixels * step):
            left = int(rows[y, x - step]) if x >= step else 0
            above = int(rows[y - 1, x])
            predicted = [0, left, above, (left + above) // 2][kind]
            expected.append((int(rows[y, x]) - predicted) % 256)
        assert expected == found[y - 1].tolist()


@pytest.mark.parametrize("side", [1023, 1300], ids=["at once", "block by block"])
@pytest.mark.parametrize("content", ["photo", "areas", "text"])
def test_every_way_through_the_compressors_gives_the_pixels(coder: str, side: int, content: str) -> None:
    random = np.random.default_rng(6)
    pixels = {
        "photo": lambda: photo(side, side),
        "areas": lambda: random.integers(0, 256, (20, 3), dtype=np.uint8)[areas(side)],
        "text": lambda: np.tile(random.integers(0, 2, (13, 17, 3), dtype=np.uint8) * 255, (100, 77, 1))[:side, :side],
    }[content]()
    assert pixels.shape == (side, side, 3)

    np.testing.assert_array_equal(pixels, np.asarray(decoded(png.encode(pixels))))


def test_a_picture_and_its_array_give_the_same_bytes(coder: str) -> None:
    pixels = photo(300, 211)

    assert png.encode(pixels) == png.encode(Pillow.fromarray(pixels))
    assert png.encode(pixels[:, :, 0]) == png.encode(Pillow.fromarray(pixels[:, :, 0]))


@pytest.mark.parametrize("layout", ["rows upside down", "columns first", "every other"])
def test_how_an_array_lies_in_memory_does_not_matter(coder: str, layout: str) -> None:
    pixels = photo(40, 60)
    same = {
        "rows upside down": pixels[::-1].copy()[::-1],
        "columns first": np.asfortranarray(pixels),
        "every other": np.repeat(pixels, 2, axis=1)[:, ::2],
    }[layout]

    assert png.encode(pixels) == png.encode(same)


# --- the file -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [8, 400, 1100])
def test_a_file_is_a_header_the_data_and_an_end(coder: str, side: int) -> None:
    pixels = photo(side, side)

    found = chunks(png.encode(pixels))

    names = [name for name, _ in found]
    assert (b"IHDR", b"IEND") == (names[0], names[-1])
    assert {b"IDAT"} == set(names[1:-1])
    assert struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0) == found[0][1]
    assert all(body for name, body in found if name == b"IDAT")
    data = b"".join(body for name, body in found if name == b"IDAT")
    assert side * (1 + 3 * side) == len(zlib.decompress(data))


def test_the_window_of_the_header_is_kept(coder: str) -> None:
    """A decoder may hold no more than the window that the data's first byte declares."""
    for pixels in (photo(500, 300), areas(300), photo(64, 64, 4)):
        data = b"".join(body for name, body in chunks(png.encode(pixels)) if name == b"IDAT")
        decompressor = zlib.decompressobj(8 + (data[0] >> 4))
        rest, size = data, 0
        while not decompressor.eof:
            part = decompressor.decompress(rest, 100)  # so little at a time that only its window remembers the rest
            size += len(part)
            rest = decompressor.unconsumed_tail

        assert len(pixels) * (1 + pixels[0].size) == size


def test_a_profile_is_kept_with_the_picture(coder: str) -> None:
    from PIL import ImageCms

    picture = Pillow.fromarray(photo(30, 20))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture.info["icc_profile"] = profile

    read = decoded(png.encode(picture))

    assert profile == read.info["icc_profile"]
    assert picture.tobytes() == read.tobytes()


# --- sizes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("sides", [(256, 256), (600, 800)], ids=str)
def test_photographs_are_as_small_as_pillows(coder: str, sides: tuple[int, int], channels: int) -> None:
    pixels = photo(*sides, channels)
    pixels = pixels[:, :, 0] if channels == 1 else pixels

    assert len(png.encode(pixels)) <= 1.05 * len(by_pillow(pixels))


@pytest.mark.parametrize("name", ["astronaut", "camera", "chelsea", "coffee"])
def test_real_photographs_are_as_small_as_pillows(coder: str, name: str) -> None:
    import skimage.data

    pixels = getattr(skimage.data, name)()

    assert len(png.encode(pixels)) <= 1.05 * len(by_pillow(pixels))


def test_flat_pictures_are_small(coder: str) -> None:
    mask = areas(1024)
    colours = np.random.default_rng(2).integers(0, 256, (20, 3), dtype=np.uint8)[mask]

    assert len(png.encode(mask)) < mask.size / 25
    assert len(png.encode(colours)) < colours.size / 40
    assert len(png.encode(np.zeros((1024, 1024, 3), np.uint8))) < 20_000


def test_areas_are_not_looked_up_far_back(coder: str) -> None:
    """Of the repetitions found in a mask most cost more than they save: with all of them it is a third larger."""
    mask = areas(1024)

    assert len(png.encode(mask)) < 1.25 * len(by_pillow(mask))


@pytest.mark.parametrize("shape", [(1024, 1024), (1024, 1024, 3)], ids=str)
def test_what_repeats_from_far_is_found(coder: str, shape: tuple[int, ...]) -> None:
    tile = np.random.default_rng(7).integers(0, 2, (24, 32, *shape[2:]), dtype=np.uint8) * 255
    pixels = np.tile(tile, (43, 32, *(1 for _ in shape[2:])))[:1024]

    assert len(png.encode(pixels)) < pixels.size / 35


def test_noise_hardly_grows(coder: str) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (512, 512, 3), dtype=np.uint8)

    assert len(png.encode(pixels)) < 1.01 * pixels.size


# --- which compressor -----------------------------------------------------------------------------------------------


def test_zlib_gives_the_bytes_of_every_machine() -> None:
    with png.by_zlib():
        digest = hashlib.sha256(png.encode(areas(64) * 12)).hexdigest()

    # Another digest here and everywhere means that the encoder changed: make the fixtures again.
    assert "51bb4186941ab6933e1b43becd1f0c88755f8565a25909c0a4f62c5221e4f743" == digest


def test_without_isal_zlib_takes_its_place(tmp_path: Any) -> None:
    script = """
import sys
sys.modules["isal"] = None
import numpy as np
from medialog.datatypes import png
pixels = (np.arange(60 * 50 * 3) % 251).astype(np.uint8).reshape(60, 50, 3)
print(png.encode(pixels).hex())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    pixels = (np.arange(60 * 50 * 3) % 251).astype(np.uint8).reshape(60, 50, 3)

    with png.by_zlib():
        assert png.encode(pixels).hex() == done.stdout.strip()
    np.testing.assert_array_equal(pixels, np.asarray(decoded(bytes.fromhex(done.stdout.strip()))))


def test_the_switch_goes_back() -> None:
    pixels = photo(50, 50)
    before = png.encode(pixels)
    with pytest.raises(KeyError), png.by_zlib(), png.by_zlib():
        raise KeyError

    assert before == png.encode(pixels)


# --- memory and images ----------------------------------------------------------------------------------------------


def test_no_more_is_held_than_the_file_and_some_blocks(coder: str) -> None:
    pixels = photo(1500, 1500)
    size = len(png.encode(pixels))
    tracemalloc.start()
    try:
        png.encode(pixels)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    # The file while it grows, a chunk of it, and the blocks of rows that are worked on.
    assert peak < 1.3 * size + 4_000_000


def test_of_a_small_picture_its_rows_and_two_files_are_held() -> None:
    pixels = photo(1024, 1365)  # nearly the 4 MiB that are compressed at once
    size = len(png.encode(pixels))
    tracemalloc.start()
    try:
        png.encode(pixels)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < pixels.size + 2.3 * size + 1_500_000


def test_an_array_becomes_no_picture_of_pillow(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a Pillow image is made")

    monkeypatch.setattr(Pillow, "frombytes", refuse)
    pixels = photo(20, 30)

    image = Image(pixels)
    image.build(DirectorySink(tmp_path))

    monkeypatch.undo()
    np.testing.assert_array_equal(pixels, np.asarray(image.to_pil()))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.bool_])
def test_an_array_that_changes_later_changes_no_image(dtype: Any) -> None:
    pixels = np.ones((4, 5), dtype)
    image = Image(pixels)
    before = image.to_numpy()

    pixels[...] = 0

    np.testing.assert_array_equal(before, image.to_numpy())
    np.testing.assert_array_equal(before, np.asarray(image.to_pil()))


# --- a browser ------------------------------------------------------------------------------------------------------

PAGE = """<!doctype html><script>
addEventListener('load', () => {
  for (const image of document.images) {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const context = canvas.getContext('2d', { colorSpace: 'srgb' });
    context.drawImage(image, 0, 0);
    const found = context.getImageData(0, 0, canvas.width, canvas.height).data;
    image.alt = Array.from(found, (value) => value.toString(16).padStart(2, '0')).join('');
    image.removeAttribute('src');
  }
});
</script>"""


def test_a_browser_shows_the_very_pixels(coder: str, tmp_path: Any) -> None:
    shown = {"photo": photo(90, 121), "grey": photo(33, 300)[:, :, 0], "areas": areas(128) * 12}
    images = [f'<img src="data:image/png;base64,{b64encode(png.encode(p)).decode()}">' for p in shown.values()]
    page = tmp_path / "page.html"
    page.write_text(PAGE + "".join(images))

    command = [browser(), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)

    found = [bytes.fromhex(value) for value in re.findall(r'alt="([0-9a-f]+)"', done.stdout)]
    assert len(shown) == len(found)
    for pixels, data in zip(shown.values(), found, strict=True):
        colours = pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)
        rgba = np.frombuffer(data, np.uint8).reshape(*pixels.shape[:2], 4)
        np.testing.assert_array_equal(colours, rgba[:, :, :3])
