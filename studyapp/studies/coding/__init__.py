"""Open answers coded at the desk: schemes of codes, rounds of answers, what coders choose."""
