"""Networks whose architecture evolves together with their weights."""
