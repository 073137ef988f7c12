"""`heitler sync`: runs of offline compute nodes into the main MLflow store."""


def sync() -> None:
    """Merge finished offline runs into the main MLflow store, and what it did not take, each once.

    Jobs that run with HEITLER_OFFLINE=1 write to stores of their own under mlruns/offline. Run
    this where the main store is, such as the login node; again whenever you like.

    Example: heitler sync
    """
    from heitler.tracking.store import require_store
    from heitler.tracking.sync import sync_runs, sync_spool

    require_store()
    for run_id, left in sync_spool().items():
        print(f"run {run_id}: " + (f"{left} records are still not taken" if left else "completed"))
    results = sync_runs()
    for result in results:
        names = ", ".join(result.runs.values()) or "still running, left for later"
        print(f"{result.folder.name}: {names}")
    if not results:
        print("Nothing to merge: all offline runs are in the main store.")
