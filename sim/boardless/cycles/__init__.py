"""Cycles: the emulator counts, Python prices.

plugin/ counts executions per code segment, counts.py makes instructions of them, price.py cycles.
"""
