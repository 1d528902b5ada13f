"""Judges outputs against the reference, and figures against a baseline or a revision."""
