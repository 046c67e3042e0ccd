"""From a study file to an open study: definition, eligibility, design, lifecycle."""
