"""One pytest test a requirement; each only judges what was already sent, answered and stored."""
