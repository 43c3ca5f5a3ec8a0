"""HTTP in and out: one module per family of methods, `dispatch` before them."""
