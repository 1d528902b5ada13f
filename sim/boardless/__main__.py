"""python -m boardless"""

from boardless.cli import main

main()
