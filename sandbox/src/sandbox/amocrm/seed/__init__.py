"""Invented, deterministic data: every seeded record is a pure function of (seed, index)."""
