"""Monte Carlo truth: Geant4 and the tables it reads."""
