"""`study correct SLUG TEXT FILE`: a typo in a text that people see; the old text stays."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from studyapp.models import StudyState, StudyText
from studyapp.studies.definition.named_files import is_file, unreadable
from studyapp.studies.placeholders import placeholders_in
from studyapp.studies.texts import correct_text, current_texts

from .base import Verb, VerbError, find_study


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("slug")
    parser.add_argument("text", help="which text: consent, instructions, debrief, …")
    parser.add_argument("file", type=Path, help="a Markdown file with the corrected text")
    parser.add_argument("--reason", required=True, help="why; every report states it")


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    study, name, path = find_study(options["slug"]), options["text"], options["file"]
    if not study.is_frozen:
        raise VerbError(
            f"{study.slug} has never been open; correct the text's file, and load the study again "
            "with --replace"
        )
    if study.state == StudyState.CLOSED:
        raise VerbError(f"{study.slug} is closed, so nobody sees its texts any more")
    texts = current_texts(study)
    if name not in texts:
        raise VerbError(f"{study.slug} has no text {name}; its texts: {', '.join(texts)}")
    if not is_file(path):
        raise VerbError(f"{path}: there is no such file")
    if problem := unreadable(path):
        raise VerbError(f"{path}: {problem}")
    markdown = path.read_text(encoding="utf-8-sig")
    if not markdown.strip():
        raise VerbError(f"{path} is empty; write the corrected text into it")
    reason, longest = options["reason"].strip(), StudyText._meta.get_field("reason").max_length or 0
    if not reason:
        raise VerbError("--reason is empty; say what was corrected")
    if reason.encode(errors="ignore").decode() != reason:
        raise VerbError("--reason is not UTF-8 text; type it again")
    if len(reason) > longest:
        raise VerbError(f"--reason has {len(reason)} characters; use at most {longest}")
    if placeholder := next(placeholders_in(study, markdown), None):
        raise VerbError(f"{path}: {placeholder}")
    if markdown == texts[name].markdown:
        raise VerbError(f"{path} is the text that people see already; change it first")
    new = correct_text(study, name=name, markdown=markdown, reason=reason)
    facts = {"slug": study.slug, "text": name, "version": new.version, "digest": new.digest}
    return facts, [f"people see version {new.version} of {name} from now on"]


VERB = Verb("correct a text of a study: both versions stay, and it is a deviation", arguments, run)
