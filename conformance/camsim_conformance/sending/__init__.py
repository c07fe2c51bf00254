"""Send the steps of a plan over real sockets and keep what was answered."""
