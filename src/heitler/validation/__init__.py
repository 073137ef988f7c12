"""Generated showers against Monte Carlo. Pure NumPy."""
