"""What people try with `make demo`: a launcher, photos, and pictures of every page."""
