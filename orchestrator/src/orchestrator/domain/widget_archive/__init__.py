"""The archive amoCRM takes for a widget: how it is put together, and whether it keeps amoCRM's rules. Pure."""
