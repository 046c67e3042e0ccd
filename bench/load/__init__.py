"""What `bench/site.py` and `bench/growth.py` put a site under: servers, walkers, stopwatches."""
