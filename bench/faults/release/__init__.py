"""The next release, as far as a running site notices it: an app with one migration."""
