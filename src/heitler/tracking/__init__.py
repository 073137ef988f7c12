"""MLflow runs and the provenance of results. The only module that imports MLflow."""

import os

# MLflow reads these when it is imported: send no usage statistics, print no links, emoji and bars.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
