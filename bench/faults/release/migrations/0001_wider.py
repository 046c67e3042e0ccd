"""Locks the tables that each answer reads and writes for 0.6 s."""

from django.db import migrations


class Migration(migrations.Migration):
    operations = [
        migrations.RunSQL(
            "ALTER TABLE studyapp_participation ADD COLUMN wider integer; "
            "ALTER TABLE studyapp_judgment ADD COLUMN wider integer; "
            "SELECT pg_sleep(0.6)",
            "ALTER TABLE studyapp_judgment DROP COLUMN wider; "
            "ALTER TABLE studyapp_participation DROP COLUMN wider",
        )
    ]
