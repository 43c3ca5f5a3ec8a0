"""Repeatable chance: one 64-bit number per (seed, index), from which builders cut their choices."""

MASK = (1 << 64) - 1


def further(chance: int) -> int:
    """56 more bits that follow from a draw; cheaper than another one."""
    return (chance * 0xD6E8FEB86659FD93 & MASK) >> 8


def draw(seed: int, index: int) -> int:
    """64 well-mixed bits (the splitmix64 finaliser), the same for the same arguments on every machine."""
    z = (index * 0x9E3779B97F4A7C15 + seed * 0xD1B54A32D192ED03 + 0x2545F4914F6CDD1D) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)
