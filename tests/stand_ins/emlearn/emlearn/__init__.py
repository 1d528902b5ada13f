"""A stand-in of emlearn: as much of it as a runtime of boardless uses."""

from pathlib import Path

__version__ = "0.0"
includedir = str(Path(__file__).parent)
