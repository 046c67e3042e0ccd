from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("studyapp", "0022_shown_of_a_case")]

    operations = [
        migrations.AddField(
            model_name="network",
            name="probabilities",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Softmax or sigmoid, where named.",
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="network",
            constraint=models.CheckConstraint(
                condition=models.Q(("probabilities__in", ("", "softmax", "sigmoid"))),
                name="network_probabilities_known",
            ),
        ),
    ]
