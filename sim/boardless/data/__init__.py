"""Data sets and pictures: what is fed to a model, and what its pixels mean."""
