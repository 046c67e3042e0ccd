"""What runs the site: the server's worker and log, health, deployment checks, watchdog, backups."""
