"""What every other room stands on: errors, files, locks, git, the place, how a program runs."""
