"""What runs the site: the server's worker and log, its watchdog, what containers ask, backups."""
