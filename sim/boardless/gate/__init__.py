"""Judges figures against those that were accepted: predictions, memory, instructions, cycles.

boardless gate mobile_lenet

| module | what |
| --- | --- |
| `figures` | what is judged of one model on one board, gathered from one run |
| `compare` | old and new figures -> findings; pure |
| `tolerances` | models/gate.toml: percent by which a figure may grow |
| `toolchain` | what a build was made with, exactly enough to know whether sizes compare |
| `baseline` | models/zoo/<model>/baseline/<board>.toml |
| `judge` | runs models on boards and compares them with their baselines |
| `against` | the same between two revisions, without baselines |
| `command` | `boardless gate` |
"""
