from django.db import migrations, models

EARLIER = [
    ("map", "a map, drawn over the photo"),
    ("picture", "a picture, shown as it is"),
    ("pictures", "several pictures side by side"),
]
KINDS = [*EARLIER, ("text", "words")]
# The earlier schema knows no texts.
GUARD = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM studyapp_explanation WHERE kind = 'text') THEN
        RAISE EXCEPTION 'explanations are texts, which the earlier schema can''t hold; restore '
            'the backup made before the upgrade';
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("studyapp", "0030_rehearsals")]

    operations = [
        migrations.RemoveConstraint("explanation", "explanation_kind_known"),
        migrations.AlterField(
            "explanation", "kind", models.CharField(choices=KINDS, default="map", max_length=10)
        ),
        migrations.AddConstraint(
            "explanation",
            models.CheckConstraint(
                condition=models.Q(("kind__in", [kind for kind, _ in KINDS])),
                name="explanation_kind_known",
            ),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, GUARD),
    ]
