"""The bottom room: how medialog looks on disk, byte for byte.

Names and paths, file references, the JSON dialect, the history line, the schema store and the one object through
which every file is touched. Nothing here imports another room of medialog; what is wrong with an input is *returned*
or raised as a plain `ValueError`, and the room above turns it into a named `medialog.Error`.
"""
