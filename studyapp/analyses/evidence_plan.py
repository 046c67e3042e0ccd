"""What a plan says of the evidence that a study collects of machines among its participants."""

from studyapp.studies.definition.study import Definition

CHECKED = {
    "prolific_llm": "how written answers are written (its LLM authenticity check)",
    "prolific_bot": "whether a program answers (its bot authenticity check)",
}


def evidence_lines(definition: Definition) -> list[str]:
    """Markdown; none for a study that collects nothing."""
    evidence = definition.evidence
    if evidence is None:
        return []
    lines = []
    if evidence.traces:
        lines.append(
            "- Of people who agree to it apart, pages record how they answer: events that a script "
            "made, navigator.webdriver, pointers and their paths, times between keys, and, where "
            "words are written, pastes and changes of tab; no key and no word. What was recorded "
            f"is deleted {evidence.keep_days} days after the answer; what follows from it is kept."
        )
    if evidence.authenticity:
        checked = " and ".join(CHECKED[name] for name in evidence.authenticity)
        lines.append(f"- In {evidence.authenticity_at}, Prolific itself checks {checked}.")
    return lines
