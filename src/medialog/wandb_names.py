"""Names of W&B that medialog does not have, each with what to do instead. Looked at when a name is missing, only."""

from __future__ import annotations

from types import MappingProxyType

_ARTIFACTS = "there are no artifacts; log(...) stores files, convert(value, dir) stores one value without a run"
_SERVER = "there is no account and no server; remove the line"
_SWEEPS = "there are no sweeps; give each run its config and a group="
_WATCH = "models are not watched; log({name: parameter.grad for name, parameter in model.named_parameters()})"
_FILES = "runs are plain directories: write into run.dir, or log(...) the value"
_PRINT = "print it, or log(...) it"

OF_MODULE = MappingProxyType(
    {
        "Artifact": _ARTIFACTS,
        "Bokeh": "Html(bokeh.embed.file_html(plot, bokeh.resources.INLINE)) stores a Bokeh plot",
        "EvalTable": "Table is the table",
        "Graph": "there is no Graph; Html or Image holds a drawing of one",
        "JoinedTable": "join before logging: Table(dataframe=left.merge(right, on=...))",
        "PartitionedTable": "log one INCREMENTAL Table",
        "Settings": "init(dir=, mode=, limits=, strict=) are the settings",
        "UsageError": "medialog.Error is the base of every error",
        "agent": _SWEEPS,
        "alert": _SERVER,
        "controller": _SWEEPS,
        "ensure_configured": _SERVER,
        "errors": "medialog.Error is the base of every error",
        "integration": "call log(...) from the framework's own callback",
        "join": "finish() ends a run",
        "keras": "call log(...) from a Keras callback",
        "lightgbm": "call log(...) from a LightGBM callback",
        "link_artifact": _ARTIFACTS,
        "log_artifact": _ARTIFACTS,
        "login": _SERVER,
        "require": _SERVER,
        "restore": _FILES,
        "save": _FILES,
        "sdk": "every public name is in medialog itself",
        "setup": _SERVER,
        "sklearn": "medialog.plot has pr_curve, roc_curve and confusion_matrix",
        "sweep": _SWEEPS,
        "teardown": "finish() ends a run",
        "termerror": _PRINT,
        "termlog": _PRINT,
        "termwarn": _PRINT,
        "unwatch": _WATCH,
        "use_artifact": _ARTIFACTS,
        "util": "every public name is in medialog itself",
        "visualize": "plot_table(name, table, fields) draws a table",
        "watch": _WATCH,
        "xgboost": "call log(...) from an XGBoost callback",
    }
)

OF_RUN = MappingProxyType(
    {
        "alert": _SERVER,
        "display": "run.dir is where the run is",
        "get_url": _SERVER,
        "join": "run.finish() ends a run",
        "link_artifact": _ARTIFACTS,
        "log_artifact": _ARTIFACTS,
        "log_code": "code is not copied; run.json has the commit, where there is a repository",
        "restore": _FILES,
        "save": "everything is written when it is set; " + _FILES,
        "settings": "init(dir=, mode=, limits=, strict=) are the settings",
        "sweep_id": _SWEEPS,
        "to_html": _SERVER,
        "unwatch": _WATCH,
        "upsert_artifact": _ARTIFACTS,
        "use_artifact": _ARTIFACTS,
        "watch": _WATCH,
    }
)
