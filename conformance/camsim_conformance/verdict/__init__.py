"""From findings to verdicts, waivers, the result of a run and the difference of two."""
