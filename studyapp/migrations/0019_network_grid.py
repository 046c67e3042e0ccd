from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("studyapp", "0018_stimulus_asked_once")]

    operations = [
        migrations.AddField(
            model_name="network",
            name="grid",
            field=models.JSONField(
                blank=True, default=list, help_text="How tokens lie, where named."
            ),
        ),
    ]
