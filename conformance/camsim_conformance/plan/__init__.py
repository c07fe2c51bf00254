"""What a run will send: the builder of stimuli, what a case is, and the stable order of all of them."""
