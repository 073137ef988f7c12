"""The large-batch study: arms that differ in one thing each, their trainings, and what follows."""
