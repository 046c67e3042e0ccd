"""Any text as LaTeX that prints it: nothing in it is a command, and no letter ends a run."""

import unicodedata
from collections.abc import Iterable

ESCAPED = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_\allowbreak{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}", "[": "{[}", "]": "{]}", "*": "{*}",
    "“": "``", "”": "''", "‘": "`", "’": "'", "–": "--", "—": "---", "…": r"\ldots{}",
    "−": r"\ensuremath{-}", "×": r"\ensuremath{\times}", "±": r"\ensuremath{\pm}",
    "÷": r"\ensuremath{\div}", "·": r"\ensuremath{\cdot}", "≤": r"\ensuremath{\leq}",
    "≥": r"\ensuremath{\geq}", "≠": r"\ensuremath{\neq}", "≈": r"\ensuremath{\approx}",
    "→": r"\ensuremath{\rightarrow}", "←": r"\ensuremath{\leftarrow}",
    "↑": r"\ensuremath{\uparrow}", "∞": r"\ensuremath{\infty}", "√": r"\ensuremath{\surd}",
    "Σ": r"\ensuremath{\Sigma}", "∑": r"\ensuremath{\sum}", "∂": r"\ensuremath{\partial}",
    "∈": r"\ensuremath{\in}", "∩": r"\ensuremath{\cap}", "∪": r"\ensuremath{\cup}",
    "²": r"\ensuremath{^{2}}", "½": r"\ensuremath{\frac{1}{2}}", "₁": r"\ensuremath{_{1}}",
    "₀": r"\ensuremath{_{0}}", "°": r"\ensuremath{^{\circ}}", "µ": r"\ensuremath{\mu}",
    "€": r"\texteuro{}", "\u00a0": "~", "\u202f": r"\,", "\u2009": r"\,", "\u00ad": r"\-",
}  # fmt: skip
GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu",
    "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "ς": "varsigma", "τ": "tau", "υ": "upsilon",
    "φ": "varphi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta",
    "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Υ": "Upsilon", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u",
    "\u0307": ".", "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c",
    "\u0328": "k",
}  # fmt: skip
LETTERS = {
    "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "ø": r"\o{}", "Ø": r"\O{}", "œ": r"\oe{}",
    "Œ": r"\OE{}", "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}", "đ": r"\dj{}", "Đ": r"\DJ{}",
    "ð": r"\dh{}", "Ð": r"\DH{}", "þ": r"\th{}", "Þ": r"\TH{}", "¿": r"\textquestiondown{}",
    "¡": r"\textexclamdown{}", "§": r"\S{}", "©": r"\textcopyright{}", "®": r"\textregistered{}",
    "«": r"\guillemotleft{}", "»": r"\guillemotright{}", "„": r"\quotedblbase{}",
    "‚": r"\quotesinglbase{}", "£": r"\textsterling{}",
}  # fmt: skip


def latex_text(text: str) -> str:
    """`text` as LaTeX prints it. A letter that LaTeX's fonts lack stays, for `unprintable`."""
    found = ""
    for one in _plain(text):
        printed = _letter(one)
        # Two of these would be joined to another sign
        found += (
            f"{{}}{printed}" if found[-1:] in {*"-'`,"} and found[-1:] == printed[0] else printed
        )
    return found


def unprintable(texts: Iterable[str]) -> list[str]:
    """The letters that pdfLaTeX's fonts lack, each once; they need LuaLaTeX and another font."""
    found = {one for text in texts for one in _plain(text) if not _letter(one).isascii()}
    return sorted(found)


def declarations(letters: Iterable[str]) -> str:
    """What a preamble says so that pdfLaTeX prints the letters' numbers in their place."""
    lines = [
        rf"  \DeclareUnicodeCharacter{{{ord(one):04X}}}{{\fbox{{\scriptsize U+{ord(one):04X}}}}}"
        for one in letters
    ]
    return "\n".join([r"\ifPDFTeX", *lines, r"\fi"]) + "\n" if lines else ""


def bibtex_text(name: str, value: str) -> str:
    """A field of a .bib entry: addresses as they are, all else as LaTeX."""
    return (
        value if name in {"doi", "url", "eprint", "archiveprefix", "pages"} else latex_text(value)
    )


def _plain(text: str) -> str:
    """One line, in composed letters, without control characters."""
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(one for one in composed if unicodedata.category(one) not in {"Cc", "Cf", "Cs"}
                   or one == "\u00ad")  # fmt: skip


def _letter(one: str) -> str:
    if one in ESCAPED:
        return ESCAPED[one]
    if one.isascii():
        return one
    if one in GREEK:
        return rf"\ensuremath{{\{GREEK[one]}}}"
    if one in LETTERS:
        return LETTERS[one]
    base, *marks = list(unicodedata.normalize("NFD", one))
    if base.isascii() and base.isalpha() and len(marks) == 1 and marks[0] in ACCENTS:
        plain = {"i": r"\i", "j": r"\j"}.get(base, base) if marks[0] < "\u0327" else base
        return rf"{{\{ACCENTS[marks[0]]}{{{plain}}}}}"
    return one
