"""From judgments to results: tidy tables, statistics, reports, figures."""
