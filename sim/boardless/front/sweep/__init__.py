"""Models x boards x data sets on many machines through dask.distributed, into one file.

    boardless sweep mobile_lenet:int8 --boards all -o results.sqlite

cases (what is run) -> drive (cuts chunks, repeats failures) -> chunk (runs one, on a worker)
-> store (the SQLite file) -> summary. Only this process writes the file, a chunk at a time, so that
whatever is killed, what it holds is whole and the same command goes on.
"""
