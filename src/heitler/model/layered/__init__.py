"""A generator that draws a shower layer after layer, and knows the likelihood of a given one."""
