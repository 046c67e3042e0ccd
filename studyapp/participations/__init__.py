"""One person's way through a study: enter, consent, be enrolled, answer, finish or leave."""
