"""`python -m camsim_conformance`: the conformance commands without the rest of `camsim`."""

from .command import app

if __name__ == "__main__":
    app(prog_name="camsim")
