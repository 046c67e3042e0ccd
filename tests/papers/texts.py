"""Texts of a study as an adversary, or a careless author, writes them."""

NASTY = (
    r"\input{/etc/passwd}", r"\write18{rm -rf /}", r"\end{document}", r"\\", r"50 % of A & B, #1",
    "$x_1$ ~ {y}^2", "a\\", "}", "{", "``quotes''", "“curly” ‘single’ „low“", '"straight"',
    "-- --- ,, <<>> ?` !`", "[optional] *star*", "ü é ñ ç ø ß œ Å ő š ž ł", "α β γ Δ Ω μ ≤ ≥ ± × −",
    "^^41", "&amp; <script>alert(1)</script>", "![](http://example.org/x.png)", "[a](javascript:b)",
    "| a | b |", "# heading", "- list", "1. list", "> quote", "`code`", "***", "@selvaraju2020",
    "[@selvaraju2020]", "{author} {gap}", "=1+1", "\u202eabc", "line\nbreak", "a\u00a0b",
)  # fmt: skip
