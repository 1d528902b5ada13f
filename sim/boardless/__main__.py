"""The command `boardless`, which is `python -m boardless`, too."""

from boardless.core import interrupts


def main() -> None:
    interrupts.end_at_once()
    from boardless import cli  # takes a while, and may be interrupted

    cli.main()


if __name__ == "__main__":
    main()
