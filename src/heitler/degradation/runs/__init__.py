"""Trainings of the study, one after another in each process; what they leave behind."""
