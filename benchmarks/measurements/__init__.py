"""One module per measurement; each has one function that returns a `Measurement`."""
