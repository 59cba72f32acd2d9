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
    import medialog.datatypes as _datatypes
    from medialog import plot as plot
    from medialog import plots as plots
    from medialog.datatypes.audio import Audio as Audio
    from medialog.datatypes.base import DataType as DataType
    from medialog.datatypes.base import MediaList as MediaList
    from medialog.datatypes.figure import Figure as Figure
    from medialog.datatypes.files import DirectorySink as DirectorySink
    from medialog.datatypes.files import DirectorySource as DirectorySource
    from medialog.datatypes.files import MemorySink as MemorySink
    from medialog.datatypes.files import Sink as Sink
    from medialog.datatypes.files import Source as Source
    from medialog.datatypes.histogram import Histogram as Histogram
    from medialog.datatypes.html import Html as Html
    from medialog.datatypes.image import Image as Image
    from medialog.datatypes.molecule import Molecule as Molecule
    from medialog.datatypes.object3d import Object3D as Object3D
    from medialog.datatypes.overlays import BoundingBoxes2D as BoundingBoxes2D
    from medialog.datatypes.overlays import Classes as Classes
    from medialog.datatypes.overlays import ImageMask as ImageMask
    from medialog.datatypes.plot.chart import Chart as Chart
    from medialog.datatypes.plot.custom import plot_table as plot_table
    from medialog.datatypes.plotly_figure import Plotly as Plotly
    from medialog.datatypes.scene import box3d as box3d
    from medialog.datatypes.table import Table as Table
    from medialog.datatypes.table_increment import TableIncrement as TableIncrement
    from medialog.datatypes.tensor import Tensor as Tensor
    from medialog.datatypes.text import Text as Text
    from medialog.datatypes.vega_figure import VegaLite as VegaLite
    from medialog.datatypes.video import Video as Video
    from medialog.runtime.api import Api as Api
    from medialog.runtime.background import Background as Background
    from medialog.runtime.compaction import compact as compact
    from medialog.runtime.config import Config
    from medialog.runtime.convert import convert as convert
    from medialog.runtime.reader import RunReader as RunReader
    from medialog.runtime.reader import load as load
    from medialog.runtime.reader import open_run as open_run
    from medialog.runtime.run import Run as Run
    from medialog.runtime.session import define_metric as define_metric
    from medialog.runtime.session import finish as finish
    from medialog.runtime.session import init as init
    from medialog.runtime.session import log as log
    from medialog.runtime.summary import Summary
    from medialog.runtime.validation import validate_file as validate_file
    from medialog.runtime.validation import validate_folder as validate_folder
    from medialog.runtime.validation import validate_run as validate_run
    from medialog.validators.descriptors import check_descriptor as check_descriptor
    from medialog.validators.descriptors import validate as validate
    from medialog.validators.errors import Advice as Advice
    from medialog.validators.errors import DamagedFile as DamagedFile
    from medialog.validators.errors import DamagedRow as DamagedRow
    from medialog.validators.errors import DataChanged as DataChanged
    from medialog.validators.errors import DurabilityLost as DurabilityLost
    from medialog.validators.errors import Error as Error
    from medialog.validators.errors import InvalidDescriptor as InvalidDescriptor
    from medialog.validators.errors import InvalidInput as InvalidInput
    from medialog.validators.errors import InvalidKey as InvalidKey
    from medialog.validators.errors import InvalidName as InvalidName
    from medialog.validators.errors import MedialogWarning as MedialogWarning
    from medialog.validators.errors import MissingDependency as MissingDependency
    from medialog.validators.errors import NotInitialised as NotInitialised
    from medialog.validators.errors import RunClosed as RunClosed
    from medialog.validators.errors import RunError as RunError
    from medialog.validators.errors import StorageError as StorageError
    from medialog.validators.errors import StorageFull as StorageFull
    from medialog.validators.errors import StorageReadOnly as StorageReadOnly
    from medialog.validators.errors import UnknownKind as UnknownKind
    from medialog.validators.errors import UnsafePath as UnsafePath
    from medialog.validators.errors import UnsupportedVersion as UnsupportedVersion
    from medialog.validators.errors import Violation as Violation
    from medialog.validators.errors import WrongType as WrongType
    from medialog.validators.rules import Rules as Rules
    from medialog.viewer.notebook import options as options
    from medialog.viewer.notebook import show as show
    from medialog.viewer.report import report as report

    data_types = _datatypes  # W&B's name of the module

    run: Run | None
    config: Config
    summary: Summary

__version__ = "0.1.0"

_HOMES = {
    "Advice": "validators.errors",
    "Api": "runtime.api",
    "Audio": "datatypes.audio",
    "Background": "runtime.background",
    "BoundingBoxes2D": "datatypes.overlays",
    "Chart": "datatypes.plot.chart",
    "Classes": "datatypes.overlays",
    "DamagedFile": "validators.errors",
    "DamagedRow": "validators.errors",
    "DataChanged": "validators.errors",
    "DataType": "datatypes.base",
    "DirectorySink": "datatypes.files",
    "DirectorySource": "datatypes.files",
    "DurabilityLost": "validators.errors",
    "Error": "validators.errors",
    "Figure": "datatypes.figure",
    "Histogram": "datatypes.histogram",
    "Html": "datatypes.html",
    "Image": "datatypes.image",
    "ImageMask": "datatypes.overlays",
    "InvalidDescriptor": "validators.errors",
    "InvalidInput": "validators.errors",
    "InvalidKey": "validators.errors",
    "InvalidName": "validators.errors",
    "MediaList": "datatypes.base",
    "MedialogWarning": "validators.errors",
    "MemorySink": "datatypes.files",
    "MissingDependency": "validators.errors",
    "Molecule": "datatypes.molecule",
    "NotInitialised": "validators.errors",
    "Object3D": "datatypes.object3d",
    "Plotly": "datatypes.plotly_figure",
    "Rules": "validators.rules",
    "Run": "runtime.run",
    "RunClosed": "validators.errors",
    "RunError": "validators.errors",
    "RunReader": "runtime.reader",
    "Sink": "datatypes.files",
    "Source": "datatypes.files",
    "StorageError": "validators.errors",
    "StorageFull": "validators.errors",
    "StorageReadOnly": "validators.errors",
    "Table": "datatypes.table",
    "TableIncrement": "datatypes.table_increment",
    "Tensor": "datatypes.tensor",
    "Text": "datatypes.text",
    "UnknownKind": "validators.errors",
    "UnsafePath": "validators.errors",
    "UnsupportedVersion": "validators.errors",
    "VegaLite": "datatypes.vega_figure",
    "Video": "datatypes.video",
    "Violation": "validators.errors",
    "WrongType": "validators.errors",
    "box3d": "datatypes.scene",
    "check_descriptor": "validators.descriptors",
    "compact": "runtime.compaction",
    "convert": "runtime.convert",
    "define_metric": "runtime.session",
    "finish": "runtime.session",
    "init": "runtime.session",
    "load": "runtime.reader",
    "log": "runtime.session",
    "open_run": "runtime.reader",
    "options": "viewer.notebook",
    "plot_table": "datatypes.plot.custom",
    "report": "viewer.report",
    "show": "viewer.notebook",
    "validate": "validators.descriptors",
    "validate_file": "runtime.validation",
    "validate_folder": "runtime.validation",
    "validate_run": "runtime.validation",
}

__all__ = [
    "Advice",
    "Api",
    "Audio",
    "Background",
    "BoundingBoxes2D",
    "Chart",
    "Classes",
    "DamagedFile",
    "DamagedRow",
    "DataChanged",
    "DataType",
    "DirectorySink",
    "DirectorySource",
    "DurabilityLost",
    "Error",
    "Figure",
    "Histogram",
    "Html",
    "Image",
    "ImageMask",
    "InvalidDescriptor",
    "InvalidInput",
    "InvalidKey",
    "InvalidName",
    "MediaList",
    "MedialogWarning",
    "MemorySink",
    "MissingDependency",
    "Molecule",
    "NotInitialised",
    "Object3D",
    "Plotly",
    "Rules",
    "Run",
    "RunClosed",
    "RunError",
    "RunReader",
    "Sink",
    "Source",
    "StorageError",
    "StorageFull",
    "StorageReadOnly",
    "Table",
    "TableIncrement",
    "Tensor",
    "Text",
    "UnknownKind",
    "UnsafePath",
    "UnsupportedVersion",
    "VegaLite",
    "Video",
    "Violation",
    "WrongType",
    "box3d",
    "check_descriptor",
    "compact",
    "convert",
    "define_metric",
    "finish",
    "init",
    "load",
    "log",
    "open_run",
    "options",
    "plot_table",
    "report",
    "show",
    "validate",
    "validate_file",
    "validate_folder",
    "validate_run",
]


if not TYPE_CHECKING:  # a type checker that saw a module `__getattr__` would accept every misspelt name

    def __getattr__(name: str) -> Any:
        """Load a public name on first use; `run`, `config` and `summary` are those of the active run."""
        from importlib import import_module

        if name in _HOMES:
            value = getattr(import_module(f"medialog.{_HOMES[name]}"), name)
            globals()[name] = value
            return value
        if name in ("run", "config", "summary"):
            from medialog.runtime import session

            return session.current_run() if name == "run" else getattr(session.active(f"medialog.{name}"), name)
        if name in ("plot", "plots"):
            return import_module(f"medialog.{name}")
        if name == "data_types":  # where W&B has its types
            return import_module("medialog.datatypes")
        from medialog.wandb_names import OF_MODULE

        instead = f": {OF_MODULE[name]}" if name in OF_MODULE else ""
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{instead}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "config", "data_types", "plot", "plots", "run", "summary"})
