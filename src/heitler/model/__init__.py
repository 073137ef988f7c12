"""The networks of 3DGAN and their losses."""
