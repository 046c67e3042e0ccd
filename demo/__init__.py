"""What `make demo` needs: servers from packages, photos, one launcher."""
