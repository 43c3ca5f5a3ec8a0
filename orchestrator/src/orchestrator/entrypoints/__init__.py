"""Translate the outside world into one service call each; no decisions here."""
