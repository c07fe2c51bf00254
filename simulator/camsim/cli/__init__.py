"""The command `camsim`."""

from camsim import ending

__all__ = ["main"]


def main() -> None:
    """Entry point of the console script."""
    ending.at_once_while_starting()
    from .joined import main as run  # loading takes the better part of a second

    run()
