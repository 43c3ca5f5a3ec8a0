"""Written by proto/generate.sh; a test sees that it is fresh."""
