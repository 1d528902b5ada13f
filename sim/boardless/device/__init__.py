"""Boards, builds and emulators: a Build goes in, outputs and counts come out."""
