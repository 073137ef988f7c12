"""MLflow runs and the provenance of results. The only module that imports MLflow."""

import os

# MLflow reads these when it is imported: send no usage statistics, print no links and emoji.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
