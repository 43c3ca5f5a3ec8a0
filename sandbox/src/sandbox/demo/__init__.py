"""The demo: both connectors as real processes, the sandbox in between, and an oracle that checks the outcome."""
