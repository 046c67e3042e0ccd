"""Trials that were drawn before they had an answer key get it, by the rules of that time."""

import hashlib
import json

from django.db import migrations, models

BATCH = 2000


def only(right, answers):
    return {str(one): int(one == right) for one in answers}


def keys_of(trial):
    """Frozen: the rules by which these answers were scored until now."""
    stimulus = trial.stimulus
    if stimulus is None or trial.stage == "learning":
        return {}
    facts, order = stimulus.facts, trial.option_order
    buttons = range(len(order))
    if trial.paradigm == "trust":
        sign = 1 if trial.stronger_side == "B" else -1
        return {"value": {str(value): sign * value for value in (-2, -1, 0, 1, 2)}}
    if trial.paradigm == "agreement":
        return {"value": {str(one): int((one >= 3) == bool(facts["right"])) for one in (1, 2, 3, 4)}}
    if trial.paradigm in {"discrimination", "meta_prediction"}:
        return {"value": only(order.index(facts["right"]), buttons)}
    if trial.paradigm == "distinction":
        return {
            "value": only(order.index(facts["right"]), range(4)),
            "correct": only(order.index(facts["correct"]), range(4)),
        }
    if trial.paradigm == "reliance" and not order:
        return {"value": only(int(facts["accept"]), (0, 1))}
    if trial.paradigm == "reliance":
        return {
            "value": only(order.index(facts["right"]), buttons),
            "advice": only(order.index(facts["advice"]), buttons),
        }
    return {}


def fill(apps, schema_editor):
    Trial = apps.get_model("studyapp", "Trial")
    last = 0
    rows = Trial.objects.select_related("stimulus").order_by("pk")
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        for trial in batch:
            trial.keys = keys_of(trial)
        Trial.objects.bulk_update([one for one in batch if one.keys], ["keys"], 500)
        last = batch[-1].pk
    for study in apps.get_model("studyapp", "Study").objects.exclude(design_digest=""):
        study.keys_digest = digest_of(Trial.objects.filter(slot__study=study, slot__addition=0))
        study.save(update_fields=["keys_digest"])


def digest_of(trials):
    digest = hashlib.sha256()
    ordered = trials.order_by("slot__position", "position")
    for row in ordered.values_list("slot__position", "position", "keys").iterator(5000):
        digest.update(json.dumps(row, sort_keys=True).encode())
    return digest.hexdigest()


class Migration(migrations.Migration):

    dependencies = [("studyapp", "0016_loading_and_measuring")]

    operations = [
        migrations.AddField("trial", "keys", models.JSONField(blank=True, default=dict)),
        migrations.AddField(
            "study",
            "keys_digest",
            models.CharField(
                blank=True,
                max_length=64,
                help_text="Of the answer keys of all trials drawn at opening.",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
