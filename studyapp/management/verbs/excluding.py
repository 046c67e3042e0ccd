"""`study exclusions SLUG`: whom the declared rules would leave out of the analysis, and why."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from studyapp.analyses.exclusions import apply_exclusions, find_broken_rules
from studyapp.analyses.tables.columns import participant_id
from studyapp.models import Participation, Study

from .base import Verb, find_study


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("slug")
    parser.add_argument("--apply", action="store_true", help="write the rows, as an analysis does")


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A preview writes nothing. Counted by arm too, to show rules that affect one arm more."""
    study = find_study(options["slug"])
    broken = find_broken_rules(study)
    rules = Counter(rule for _, rule, _ in broken)
    facts: dict[str, Any] = {
        "slug": study.slug,
        "rules": dict(rules),
        "by_arm": _by_arm(study, {person for person, _, _ in broken}),
        "people": [
            {"participant_id": person, "rule": rule, "note": note} for person, rule, note in broken
        ],
        "added": apply_exclusions(study) if options["apply"] else 0,
    }
    lines = [f"{study.slug}: {len({row[0] for row in broken})} people break a declared rule"]
    lines += [f"  {rule}: {count}" for rule, count in sorted(rules.items())]
    lines += [f"  arm {arm}: {count}" for arm, count in sorted(facts["by_arm"].items())]
    lines += [f"  {person}: {rule}: {note}" for person, rule, note in broken]
    if options["apply"]:
        return facts, [*lines, f"{facts['added']} exclusions were added, beside the data"]
    return facts, [*lines, "a preview: nothing was written"]


def _by_arm(study: Study, broken: set[str]) -> dict[str, int]:
    people = Participation.objects.filter(study=study, arm__isnull=False)
    rows = people.annotate(name=participant_id()).values_list("name", "arm__name")
    return dict(Counter(arm for name, arm in rows if name in broken))


VERB = Verb("whom the declared exclusion rules would leave out (a preview)", arguments, run)
