from django.db import migrations, models
from django.db.models import Count, Q


def drop_namesakes(apps, schema_editor):
    """Of two stimuli of one name the design drew one only: the others are dropped, by name."""
    Stimulus = apps.get_model("studyapp", "Stimulus")
    shown = Stimulus.objects.exclude(role="dropped")
    named = ("study", "paradigm", "photo", "category")
    for twins in shown.order_by().values(*named).annotate(n=Count("pk")).filter(n__gt=1):
        rows = shown.filter(**{name: twins[name] for name in named}).annotate(asked=Count("trial"))
        for row in rows.order_by("-asked", "position")[1:]:
            row.role = "dropped"
            row.dropped_because = "another stimulus has the same photo and category"
            row.save(update_fields=["role", "dropped_because"])


class Migration(migrations.Migration):
    dependencies = [("studyapp", "0017_answer_keys")]

    operations = [
        migrations.RunPython(drop_namesakes, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="stimulus",
            constraint=models.UniqueConstraint(
                condition=~Q(role="dropped"),
                fields=("study", "paradigm", "photo", "category"),
                name="stimulus_asked_once",
            ),
        ),
    ]
