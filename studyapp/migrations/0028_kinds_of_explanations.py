from django.db import migrations, models

KINDS = [
    ("map", "a map, drawn over the photo"),
    ("picture", "a picture, shown as it is"),
    ("pictures", "several pictures side by side"),
]
ONCE = ("case", "network", "class_index", "method", "settings_digest")
# The earlier schema would call a picture a map, and has no row for what is of no class.
GUARD = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM studyapp_explanation WHERE method = 'imported') THEN
        RAISE EXCEPTION 'explanations were imported, which the earlier schema can''t hold; restore '
            'the backup made before the upgrade';
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("studyapp", "0027_conditions_that_meet")]

    operations = [
        migrations.RemoveConstraint("explanation", "explanation_once"),
        migrations.AddField(
            "explanation", "kind", models.CharField(choices=KINDS, default="map", max_length=10)
        ),
        migrations.AlterField(
            "explanation",
            "class_index",
            models.PositiveIntegerField(
                blank=True,
                null=True,
                help_text="Missing for what another tool made of no class.",
            ),
        ),
        migrations.AddConstraint(
            "explanation",
            models.UniqueConstraint(fields=ONCE, name="explanation_once", nulls_distinct=False),
        ),
        migrations.AddConstraint(
            "explanation",
            models.CheckConstraint(
                condition=models.Q(("kind__in", [kind for kind, _ in KINDS])),
                name="explanation_kind_known",
            ),
        ),
        migrations.AddConstraint(
            "explanation",
            models.CheckConstraint(
                condition=models.Q(
                    ("method", "imported"),
                    models.Q(("class_index__isnull", False), ("kind", "map")),
                    _connector="OR",
                ),
                name="explanation_computed_is_a_map_of_a_class",
            ),
        ),
        migrations.AddConstraint(
            "explanation",
            models.CheckConstraint(
                condition=models.Q(("is_empty", False), ("kind", "map"), _connector="OR"),
                name="explanation_empty_is_a_map",
            ),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, GUARD),
    ]
