"""Sweeps over parameters: DVC experiments as a table and a picture, and Optuna's choice of them."""
