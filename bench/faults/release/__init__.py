"""The next release, as far as a site in operation notices it: an app with one migration."""
