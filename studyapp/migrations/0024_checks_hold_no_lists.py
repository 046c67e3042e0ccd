import studyapp.models.stimulus
from django.db import migrations, models

NAME = "explanation_checks_are_numbers"


class Migration(migrations.Migration):
    """The constraint of before looked into lists, and let them stand for numbers."""

    dependencies = [("studyapp", "0023_network_probabilities")]

    operations = [
        migrations.RemoveConstraint("explanation", NAME),
        migrations.AddConstraint(
            "explanation",
            models.CheckConstraint(
                condition=studyapp.models.stimulus.NumbersByName("checks"), name=NAME
            ),
        ),
    ]
