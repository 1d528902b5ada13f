"""Small changes of the kernels' C, made mechanically: which of them do the kernels' own host cases
catch?

    PYTHONPATH=sim:tests python -m mutants relu conv_2d

edits.py finds the changes, cases.py draws what the kernels are run with, program.py builds all
changes of a file into one program that makes one of them at a time, and table.py says what was
caught. survivors.toml lists the changes that no case can catch, each with its reason.
"""
