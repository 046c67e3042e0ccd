"""From a folder of photos to stimuli: readers, names, eligibility, selection."""
