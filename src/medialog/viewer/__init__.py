"""Looking at runs: the one-file report, the folder without scripts, the notebook cell.

Everything here reads a run and never changes what it holds; posters are kept beside it, in `derived/`.
"""
