"""Genetic algorithms and evolution strategies that train a network without gradients."""
