"""One module a section, one pytest test a requirement: the cases that provoke it, and the check that judges them."""
