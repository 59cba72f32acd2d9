"""Charts: the presets of `medialog.plot`, each a table and a complete Vega-Lite spec.

Importing this package imports none of its modules.
"""
