"""MLflow runs and the provenance of results. The only module that imports MLflow."""
