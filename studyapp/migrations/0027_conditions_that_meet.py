from django.db import migrations, models

# The earlier schema would take such a condition for one method's
GUARD = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM studyapp_condition WHERE method = '') THEN
        RAISE EXCEPTION 'studies show several conditions on one page, which the earlier schema '
            'can''t hold; restore the backup made before the upgrade';
    END IF;
END $$
"""


class Migration(migrations.Migration):
    """Conditions of which several stand on one page are called by their members' names."""

    dependencies = [("studyapp", "0026_presentations")]

    operations = [
        migrations.AlterField("condition", "name", models.CharField(max_length=600)),
        migrations.AlterField(
            "condition",
            "method",
            models.CharField(
                blank=True,
                help_text="Empty where several conditions meet on one page.",
                max_length=60,
            ),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, GUARD),
    ]
