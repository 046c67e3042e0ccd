from django.db import migrations, models


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
    ]
