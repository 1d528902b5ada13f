"""Says which small changes of kernels their own host cases catch: see the package."""

from __future__ import annotations

import sys

from properties import profiles

from mutants import table

profiles.register()  # the cases are those of the tests, but for numbers from our modules' text
profiles.without_local_constants()
sys.exit(table.main(sys.argv[1:]))
