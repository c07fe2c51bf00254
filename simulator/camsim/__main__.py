"""`python -m camsim` is `camsim`."""

from .cli import main

if __name__ == "__main__":
    main()
