"""What happens when: runs, their history and summary, and reading them back.

`run` is the façade; `session` holds the one active run behind `medialog.log`. The parts know nothing of each other:
`open_row` (steps and merging), `summary` (the fold that writer and reader share), `segment` (one writer's file),
`layout` (names in a run directory), `reader`.
"""
