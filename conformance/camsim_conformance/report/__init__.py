"""Reports of a run, all made from one document: result.json."""
