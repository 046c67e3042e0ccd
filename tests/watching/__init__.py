"""What tells of a running site: metrics, alerts, traces, error reports."""
