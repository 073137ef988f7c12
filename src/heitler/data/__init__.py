"""Shower files in and out, checks, splits, batches."""
