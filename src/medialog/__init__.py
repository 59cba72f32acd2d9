"""medialog: the rich values of machine-learning work as validated, typed, stored objects.

    import medialog

    run = medialog.init(project="digits")
    medialog.log({"loss": 0.2, "examples": [medialog.Image(pixels, caption="a seven")]})
    run.finish()

Every name is loaded on first use, so importing medialog costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medialog.datatypes.base import DataType as DataType
    from medialog.datatypes.base import MediaList as MediaList
    from medialog.datatypes.files import DirectorySink as DirectorySink
    from medialog.datatypes.files import DirectorySource as DirectorySource
    from medialog.datatypes.files import MemorySink as MemorySink
    from medialog.datatypes.histogram import Histogram as Histogram
    from medialog.datatypes.image import Image as Image
    from medialog.datatypes.object3d import Object3D as Object3D
    from medialog.datatypes.overlays import BoundingBoxes2D as BoundingBoxes2D
    from medialog.datatypes.overlays import Classes as Classes
    from medialog.datatypes.overlays import ImageMask as ImageMask
    from medialog.datatypes.scene import box3d as box3d
