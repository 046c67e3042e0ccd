from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("studyapp", "0014_visits_of_before")]

    operations = [migrations.RemoveField(model_name="panelidentity", name="details")]
