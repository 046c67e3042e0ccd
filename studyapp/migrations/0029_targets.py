"""What of a class is explained, where that isn't its score: rows of before have no target."""

from django.db import migrations, models

# The earlier schema would keep the map of one target, and call it that of the class.
GUARD = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM studyapp_explanation WHERE target <> '')
    OR EXISTS (SELECT FROM studyapp_network WHERE target <> '') THEN
        RAISE EXCEPTION 'maps have targets, which the earlier schema can''t hold; restore the '
            'backup made before the upgrade';
    END IF;
END $$
"""


def once(*fields):
    return models.UniqueConstraint(
        fields=["case", "network", "class_index", *fields, "method", "settings_digest"],
        name="explanation_once",
        nulls_distinct=False,
    )


class Migration(migrations.Migration):
    dependencies = [("studyapp", "0028_kinds_of_explanations")]

    operations = [
        migrations.AddField(
            model_name="network",
            name="target",
            field=models.CharField(
                blank=True,
                default="",
                help_text="In what a class is explained, where named.",
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="network",
            constraint=models.CheckConstraint(
                condition=models.Q(("target__in", ("", "region", "box"))),
                name="network_target_known",
            ),
        ),
        migrations.AddField(
            model_name="explanation",
            name="target",
            field=models.TextField(
                blank=True,
                default="",
                help_text="As JSON; empty where the score of the class is explained.",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="explanation",
            name="target_digest",
            field=models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
        migrations.RemoveConstraint("explanation", "explanation_once"),
        migrations.AddConstraint("explanation", once("target_digest")),
        migrations.AddConstraint(
            model_name="explanation",
            constraint=models.CheckConstraint(
                condition=models.Q(("target", ""), ("target_digest", ""))
                | models.Q(
                    models.Q(("target", ""), _negated=True),
                    ("target_digest__regex", "^[0-9a-f]{64}$"),
                ),
                name="explanation_target_has_a_digest",
            ),
        ),
        # Asked first on the way back, while the targets are still there
        migrations.RunSQL(migrations.RunSQL.noop, GUARD),
    ]
