"""What the panel told of a person becomes visits; ids get the spelling that they are looked up in.

The details of an identity came with the first study that it entered. Its other participations get
a visit without a session, for which one it was is not known.
"""

import re
import secrets
import unicodedata

from django.db import migrations

SESSION = {"prolific": "SESSION_ID", "mturk": "assignmentId"}
STUDY = {"prolific": "STUDY_ID", "mturk": "hitId"}
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BATCH = 2000


def spelling(source, text):
    """An id as the panel itself writes it; as it is where it is in none of its forms."""
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(one for one in plain if unicodedata.category(one) != "Cf").strip()
    if source == "prolific" and re.fullmatch("[0-9a-f]{24}", plain.lower(), re.ASCII):
        return plain.lower()
    if source == "mturk" and re.fullmatch("[A-Z0-9]{2,40}", plain.upper(), re.ASCII):
        return plain.upper()
    if source == "sona" and re.fullmatch("[0-9]{1,20}", plain, re.ASCII):
        return plain.lstrip("0") or plain[-1:]
    return text


def spell_ids(apps, schema_editor):
    """Where two spellings of one id are two people, both keep theirs."""
    identities = apps.get_model("studyapp", "PanelIdentity").objects
    for row in identities.order_by("pk").iterator(chunk_size=BATCH):
        plain = spelling(row.source, row.external_id)
        taken = identities.filter(source=row.source, external_id=plain).exists()
        if plain != row.external_id and not taken:
            row.external_id = plain
            row.save(update_fields=["external_id"])


def make_visits(apps, schema_editor):
    people = apps.get_model("studyapp", "Participation").objects
    visits = apps.get_model("studyapp", "PanelVisit").objects
    rows = people.filter(participant__identity__isnull=False).exclude(status="withdrawn")
    rows = rows.select_related("participant__identity").order_by("participant_id", "entered_at", "pk")
    seen, made = None, []
    for row in rows.iterator(chunk_size=BATCH):
        identity = row.participant.identity
        is_first = row.participant_id != seen
        seen = row.participant_id
        told = identity.details if is_first and isinstance(identity.details, dict) else {}
        made.append(
            visits.model(
                participation=row,
                session=str(told.get(SESSION.get(identity.source, ""), ""))[:200],
                panel_study=str(told.get(STUDY.get(identity.source, ""), ""))[:200],
                arrived_at=row.entered_at,
            )
        )
    visits.bulk_create(made, batch_size=BATCH)


def give_codes(apps, schema_editor):
    people = apps.get_model("studyapp", "Participation").objects
    changed = []
    for row in people.filter(personal_code="").only("pk").iterator(chunk_size=BATCH):
        letters = "".join(secrets.choice(LETTERS) for _ in range(12))
        row.personal_code = "-".join(letters[start : start + 4] for start in (0, 4, 8))
        changed.append(row)
    people.bulk_update(changed, ["personal_code"], batch_size=BATCH)


def details_again(apps, schema_editor):
    """Back: the first visit's session and study, as they were stored."""
    identities = apps.get_model("studyapp", "PanelIdentity").objects
    visits = apps.get_model("studyapp", "PanelVisit").objects
    for row in identities.filter(source__in=SESSION).iterator(chunk_size=BATCH):
        first = (
            visits.filter(participation__participant=row.participant_id)
            .order_by("arrived_at", "pk")
            .first()
        )
        if first is not None:
            told = {SESSION[row.source]: first.session, STUDY[row.source]: first.panel_study}
            row.details = {name: text for name, text in told.items() if text}
            row.save(update_fields=["details"])
    visits.all().delete()


def forward(apps, schema_editor):
    spell_ids(apps, schema_editor)
    make_visits(apps, schema_editor)
    give_codes(apps, schema_editor)


class Migration(migrations.Migration):
    dependencies = [("studyapp", "0013_visits")]

    operations = [migrations.RunPython(forward, details_again)]
