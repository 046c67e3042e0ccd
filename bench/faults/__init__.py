"""What `bench/chaos.py` is made of: servers that are killed, people who retry, and the counting."""
