from django.db import migrations, models

# The earlier schema would keep the answers, and call a timed page one whose pictures stay.
GUARD = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM studyapp_judgment WHERE presentation IS NOT NULL) THEN
        RAISE EXCEPTION 'judgments tell how pictures were presented, which the earlier schema '
            'can''t hold; restore the backup made before the upgrade';
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("studyapp", "0025_further_photos")]

    operations = [
        migrations.AddField("judgment", "presentation", models.JSONField(null=True)),
        migrations.RunSQL(migrations.RunSQL.noop, GUARD),
    ]
