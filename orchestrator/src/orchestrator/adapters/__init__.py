"""One outside system each; every adapter implements a port."""
