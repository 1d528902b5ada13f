"""Foundations that know nothing of models or devices: errors, paths, tables, child processes."""
