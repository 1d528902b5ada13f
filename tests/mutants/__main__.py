"""Says which small changes of kernels their own host cases catch: see the package."""

from __future__ import annotations

import sys

from mutants import table

sys.exit(table.main(sys.argv[1:]))
