"""Two migrations were made beside each other; both are kept as they are."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("studyapp", "0008_downloads"), ("studyapp", "0008_login_tries")]
    operations = []
