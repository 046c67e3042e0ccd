from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('studyapp', '0046_watched_rows'),
    ]

    operations = [
        migrations.AddField(
            model_name='heartbeat',
            name='tallies',
            field=models.JSONField(editable=False, null=True),
        ),
    ]
