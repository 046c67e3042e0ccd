"""A column that the code of before knows nothing of."""

from pathlib import Path

from django.db import migrations, models

import studyapp.migrations

(folder,) = studyapp.migrations.__path__


class Migration(migrations.Migration):
    dependencies = [("studyapp", max(path.stem for path in Path(folder).glob("[0-9]*.py")))]
    operations = [
        migrations.AddField("judgment", "to_come", models.TextField(blank=True, db_default="")),
    ]
