"""`python -m camsim_loadtests URL …` is `camsim storm URL …`."""

from .command import main

main()
