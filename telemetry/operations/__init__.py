"""What looks after a deployed stack: preflight, report, drift, repair, adopt, backup, bundle, validation, checklist."""
