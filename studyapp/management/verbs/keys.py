"""`study keys SLUG`: answer keys for trials that an earlier version drew without any."""

from typing import Any

from studyapp.studies.design.keys import give_keys, keys_flaw

from .base import Verb, VerbError, find_study, slug_argument


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    study = find_study(options["slug"])
    if study.opened_at is None:
        raise VerbError(f"{study.slug} has no trials yet; they get their keys when it opens")
    given = give_keys(study)
    study.refresh_from_db()
    if flaw := keys_flaw(study):
        raise VerbError(flaw)
    return {"slug": study.slug, "given": given}, [f"{given} trials of {study.slug} got their keys"]


VERB = Verb("give trials of an earlier version their answer keys", slug_argument, run)
