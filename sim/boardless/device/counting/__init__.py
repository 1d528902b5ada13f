"""Counts executed instructions with the plugin: `python -m boardless.device.counting` builds it."""
