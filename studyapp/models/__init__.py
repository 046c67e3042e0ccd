"""The tables, in the order of a trial's life: study, stimulus, design, participation."""
