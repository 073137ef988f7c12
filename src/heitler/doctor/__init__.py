"""What works in this environment, what does not, and how to mend it."""
