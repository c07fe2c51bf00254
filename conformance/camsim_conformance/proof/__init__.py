"""The suite against every mutant and benign variant: that it fails what is wrong and nothing else."""
