"""Hypothesis strategies for every type, for rows, and for descriptors, valid and nearly so.

    from medialog.testing import strategies

    @given(strategies.images())
    def test_my_augmentation_keeps_the_size(image): ...

    @given(strategies.near_valid_descriptors("image-file"))
    def test_my_reader_refuses_what_medialog_refuses(case):
        descriptor, broken_rule = case                          # None when it is still valid

What they draw is small: a few pixels, samples, rows, atoms. `values(kind)` draws of any kind of wire form, those of
other packages excepted. pip install "medialog[testing]".
"""

from __future__ import annotations

from medialog.testing.strategies.arrays import audio as audio
from medialog.testing.strategies.arrays import boxes as boxes
from medialog.testing.strategies.arrays import captions as captions
from medialog.testing.strategies.arrays import class_sets as class_sets
from medialog.testing.strategies.arrays import histograms as histograms
from medialog.testing.strategies.arrays import images as images
from medialog.testing.strategies.arrays import masks as masks
from medialog.testing.strategies.arrays import tensors as tensors
from medialog.testing.strategies.arrays import videos as videos
from medialog.testing.strategies.broken import near_valid_descriptors as near_valid_descriptors
from medialog.testing.strategies.descriptors import KINDS as KINDS
from medialog.testing.strategies.descriptors import descriptors as descriptors
from medialog.testing.strategies.descriptors import structural_descriptors as structural_descriptors
from medialog.testing.strategies.descriptors import values as values
from medialog.testing.strategies.documents import charts as charts
from medialog.testing.strategies.documents import figures as figures
from medialog.testing.strategies.documents import html as html
from medialog.testing.strategies.documents import increments as increments
from medialog.testing.strategies.documents import molecules as molecules
from medialog.testing.strategies.documents import plotly as plotly
from medialog.testing.strategies.documents import tables as tables
from medialog.testing.strategies.documents import texts as texts
from medialog.testing.strategies.documents import vega as vega
from medialog.testing.strategies.rows import keys as keys
from medialog.testing.strategies.rows import rows as rows
from medialog.testing.strategies.space import meshes as meshes
from medialog.testing.strategies.space import objects3d as objects3d
from medialog.testing.strategies.space import point_clouds as point_clouds
from medialog.testing.strategies.space import scenes as scenes
