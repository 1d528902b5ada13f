"""The counting plugin of QEMU: its C sources, and counter.py, which builds and starts it."""
