"""Puts the documentation site's sources together; mkdocs makes pages of them. Run by `make docs`."""
