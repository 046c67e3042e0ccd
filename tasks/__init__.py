"""Celery tasks, thin: a task fetches, calls one function, records."""
