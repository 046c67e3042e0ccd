"""The sections of a study file: typed, closed records and their limits."""
