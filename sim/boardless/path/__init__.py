"""The main path: prepare -> measure -> judge -> report, each from a frozen record to the next."""
