"""Runtimes, each a folder found by its name: a model goes in, a Build comes out."""
