"""3D files: whether they are whole, before any viewer or mesh library sees them. One format a module.

Each module has `check(data, rules) -> MeshFacts`: a pure function of the file's bytes that either returns what the file
holds or raises an `InvalidInput` that says where it is broken. Nothing outside the bytes is ever opened, and nothing is
allocated for a count that the bytes do not cover.
"""
