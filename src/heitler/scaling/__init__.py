"""Worker sweeps, efficiency, and projection to more nodes."""
