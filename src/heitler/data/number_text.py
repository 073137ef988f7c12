"""Numbers as people write them in tables and on the command line: decimal, and nothing else.

Python's own `float` also takes 1_000, nan, infinity and digits of other scripts.
"""

import re

DECIMAL = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
LOOKS_LIKE = str.maketrans("OolI,", "0011.")
"""What is typed for a digit or the decimal point, and what was meant."""


def parse_decimal(text: str) -> float | None:
    """The number, or None if the text is none: 10.5, 1e3, -.5, but not 1_000, nan or 1O.5."""
    return float(text) if DECIMAL.fullmatch(text) else None


def looks_like_number(text: str) -> bool:
    """Whether the text may be meant as a number: it is one, begins as one, or is mistyped."""
    word = text.strip().lower().lstrip("+-")
    begins = word[:1].isdigit() or (word[:1] == "." and word[1:2].isdigit())
    mistyped = parse_decimal(text.translate(LOOKS_LIKE)) is not None
    return begins or mistyped or word in {"nan", "inf", "infinity"}


def suggestion(text: str) -> str:
    """ "Is 10.5 meant?" for 1O.5, else nothing."""
    meant = text.strip().translate(LOOKS_LIKE)
    return f"Is {meant} meant? " if parse_decimal(meant) is not None else ""
