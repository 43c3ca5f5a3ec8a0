"""What must hold before a version is given out, and the changing of versions. docs/releasing.md tells how to use it."""
