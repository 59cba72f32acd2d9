"""Videos, sounds and molecules in a real browser: frames, speed, sound, waveform, styles and colours."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import medialog
from chromium import Chromium, Page
from viewer_page import runs
from viewer_page.test_page import click_text, different, picture, put, selector, show, text, there, wait_text

FIXTURES = Path(__file__).resolve().parent.parent.parent / "fixtures"
FRAMES = 6


def film(step: int) -> np.ndarray[Any, Any]:
    """Six frames of one colour each, so that a frame is known by what is seen."""
    return np.stack([np.full((3, 24, 32), 40 * frame + 10 * step, np.uint8) for frame in range(FRAMES)])


def peptide() -> str:
    """Return two chains of eight residues each, as PDB."""
    lines: list[str] = []
    for number in range(16):
        chain, at = "AB"[number // 8], number % 8
        for offset, (name, element) in enumerate([("N", "N"), ("CA", "C"), ("C", "C"), ("O", "O")]):
            x, y, z = 3.4 * at + 0.8 * offset, 8.0 * (number // 8) + (0.7 if offset % 2 else 0), 1.1 * (offset == 3)
            lines.append(
                f"ATOM  {len(lines) + 1:5d} {name:^4s} ALA {chain}{at + 1:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00"
                f"           {element}"
            )
    return "\n".join([*lines, "END", ""])


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> str:
    directory = tmp_path_factory.mktemp("clips")
    tone = np.sin(np.arange(4000) / 4000 * 2 * np.pi * 40) * np.linspace(0.1, 0.9, 4000)
    (directory / "peptide.pdb").write_text(peptide())
    with medialog.init(dir=directory, id="clips", quiet=True) as run:
        for step in range(2):
            run.log({"gif": medialog.Video(film(step), fps=5, format="gif")})
        run.log(
            {
                "mp4": medialog.Video(str(FIXTURES / "media" / "clip.mp4")),
                "sound": medialog.Audio(np.stack([tone, tone[::-1]], axis=1), sample_rate=8000),
                "peptide": medialog.Molecule(str(directory / "peptide.pdb")),
            }
        )
        with pytest.warns(UserWarning, match="browsers do not play"):
            run.log({"unplayable": medialog.Video(io.BytesIO(runs.unplayable_clip()), format="mp4")})
    return medialog.report(str(run.dir), directory / "report.html").path.as_uri()


@pytest.fixture
def page(chromium: Chromium, clips: str) -> Iterator[Page]:
    opened = chromium.open(clips)
    yield opened
    assert [] == opened.errors()
    opened.close()


def grey(page: Page, key: str) -> int:
    """Return the brightness in the middle of a film."""
    seen = picture(page, selector(key, ".stage"))
    return int(seen[len(seen) // 2, seen.shape[1] // 2, 0])


def test_a_gif_is_scrubbed_over_its_frames_and_its_steps(page: Page) -> None:
    show(page, "gif")
    there(page, selector("gif", ".stage canvas"))
    page.wait(f"document.querySelector({json.dumps(selector('gif', '.stage canvas'))}).width === 32")
    put(page, selector("gif", "input[aria-label=Frame]"), "4")
    assert "5/6" == text(page, selector("gif", "output"))
    assert abs(grey(page, "gif") - 170) < 8
    page.evaluate(f"document.querySelector({json.dumps(selector('gif', '.stage'))}).focus()")
    page.press(",")
    assert abs(grey(page, "gif") - 130) < 8
    page.press("Home")
    wait_text(page, selector("gif", "output"), "1/6")
    assert abs(grey(page, "gif") - 0) < 8
    page.press("End")
    wait_text(page, selector("gif", ".chip"), "step 1")
    assert abs(grey(page, "gif") - 10) < 8
    assert "" == text(page, selector("gif", ".trouble"))


def test_a_gif_without_a_decoder_is_a_picture(chromium: Chromium, clips: str) -> None:
    page = chromium.open(clips, before="delete window.ImageDecoder")
    show(page, "gif")
    page.wait(f"document.querySelector({json.dumps(selector('gif', '.stage img'))})?.naturalWidth === 32")
    assert [] == page.errors()
    page.close()


def test_a_film_plays_at_its_speed_loops_and_can_be_heard(page: Page) -> None:
    show(page, "mp4")
    video = f"document.querySelector({json.dumps(selector('mp4', 'video'))})"
    page.wait(f"{video}?.readyState >= 2")
    page.wait(f"!{video}.hasAttribute('poster')")
    assert page.evaluate(f"{video}.loop && {video}.muted && {video}.paused")
    put(page, selector("mp4", "select[aria-label=Speed]"), "0.25", "change")
    page.wait(f"{video}.playbackRate === 0.25")
    click_text(page, selector("mp4", "button"), "loop")
    page.wait(f"!{video}.loop")
    page.click(selector("mp4", "[aria-label=Sound]"))
    page.wait(f"!{video}.muted")
    put(page, selector("mp4", "select[aria-label=Speed]"), "4", "change")
    page.click(selector("mp4", "[aria-label=Play]"))
    page.wait(f"{video}.ended")
    page.press(".")
    there(page, selector("mp4", "[aria-label=Play]"))


def test_a_film_that_no_browser_plays_has_its_picture_and_the_reason(page: Page) -> None:
    show(page, "unplayable")
    wait_text(page, selector("unplayable"), "does not play the codec mpeg4 in mp4")
    wait_text(page, selector("unplayable"), "libx264")
    page.wait(f"document.querySelector({json.dumps(selector('unplayable', '.trouble img'))})?.naturalWidth > 0")


def test_a_sound_has_a_waveform_for_each_channel_and_is_sought_in_it(page: Page) -> None:
    show(page, "sound")
    there(page, selector("sound", ".wave canvas"))
    page.settle()
    ink = (np.abs(picture(page, selector("sound", ".wave canvas")) - 255).max(axis=2) > 60).astype(int)
    upper, lower = ink[: len(ink) // 2], ink[len(ink) // 2 :]
    half = ink.shape[1] // 2
    # One channel swells, the other one fades.
    assert upper[:, :half].sum() < 0.7 * upper[:, half:].sum()
    assert lower[:, half:].sum() < 0.7 * lower[:, :half].sum()
    wait_text(page, selector("sound", ".facts"), "0.5 s · 8000 Hz · stereo")
    before = picture(page, selector("sound", ".wave canvas"))
    page.click(selector("sound", ".wave"))
    seconds = page.evaluate(f"document.querySelector({json.dumps(selector('sound', 'audio'))}).currentTime")
    assert abs(seconds - 0.25) < 0.02
    assert [] != different(picture(page, selector("sound", ".wave canvas")), before)


def test_a_molecule_has_its_styles_colours_surface_and_spin(chromium: Chromium, clips: str) -> None:
    page = chromium.open(clips, width=420, height=560)  # few pixels: the test draws them in software
    show(page, "peptide")
    there(page, selector("peptide", ".host canvas"))
    there(page, selector("peptide", ".waiting"), gone=True)
    options = "[...document.querySelector({}).options].map((one) => one.value)"
    styles = selector("peptide", "select[aria-label^=Style]")
    assert ["stick", "cartoon", "sphere", "line"] == page.evaluate(options.format(json.dumps(styles)))
    assert "cartoon" == page.evaluate(f"document.querySelector({json.dumps(styles)}).value")
    colours = selector("peptide", "select[aria-label^=Colours]")
    assert "chain" == page.evaluate(f"document.querySelector({json.dumps(colours)}).value")
    stage = selector("peptide", ".host")
    seen = [picture(page, stage)]
    for css, value in ((styles, "sphere"), (colours, "element"), (colours, "position"), (styles, "stick")):
        put(page, css, value, "change")
        seen.append(picture(page, stage))
        assert [] != different(seen[-1], seen[-2]), value
    click_text(page, selector("peptide", "button"), "surface")
    page.settle(1)
    assert [] != different(picture(page, stage), seen[-1])
    click_text(page, selector("peptide", "button"), "surface")
    click_text(page, selector("peptide", "button"), "spin")
    first = picture(page, stage)
    page.settle(0.5)
    assert [] != different(picture(page, stage), first)
    wait_text(page, selector("peptide", ".note"), "64 atoms")
    assert [] == page.errors()
    page.close()
