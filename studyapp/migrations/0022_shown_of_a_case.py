from importlib import import_module

from django.db import migrations, models

# Asked here already, on the way back: `shown` would be gone before 0021 refuses.
GUARD = import_module("studyapp.migrations.0021_cases").GUARD


class Migration(migrations.Migration):
    dependencies = [("studyapp", "0021_cases")]

    operations = [
        migrations.AddField(
            model_name="studyimage",
            name="shown",
            field=models.CharField(
                blank=True,
                max_length=500,
                help_text="What people read of the context, such as a question.",
            ),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, GUARD),
    ]
