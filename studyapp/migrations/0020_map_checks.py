"""What was measured of a map moves from its provenance, where it also stays, to a column."""

import studyapp.models.stimulus
from django.db import migrations, models
from django.db.models.fields.json import KeyTransform


def fill(apps, schema_editor):
    Explanation = apps.get_model("studyapp", "Explanation")
    rows = Explanation.objects.filter(provenance__has_key="checks")
    rows.update(checks=KeyTransform("checks", "provenance"))


class Migration(migrations.Migration):
    dependencies = [("studyapp", "0019_network_grid")]

    operations = [
        migrations.AddField(
            model_name="explanation",
            name="checks",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="explanation",
            constraint=models.CheckConstraint(
                condition=studyapp.models.stimulus.NumbersByName("checks"),
                name="explanation_checks_are_numbers",
            ),
        ),
    ]
