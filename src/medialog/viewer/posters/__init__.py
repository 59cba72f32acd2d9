"""Posters: a small static picture of any value, for grids, pages without scripts, notebooks and mail.

They need numpy and Pillow and nothing else; a library that reads a format (av, soundfile, pyarrow) is used where it is
installed. Whatever a value holds, there is a picture: of the value, or of its name and its facts.
"""
