import django.db.models.deletion
from django.db import migrations, models

# A photo so far was what a network was asked: it becomes the case with its own digest.
TABLES = ("studyimage", "prediction", "explanation")
# Constraints that wait for the end of the transaction would stop the changes of tables below.
NOW, LATER = "SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED"
FORWARD = [
    "INSERT INTO studyapp_case (image_id, context, digest) "
    "SELECT id, '', sha256 FROM studyapp_image",
    *(
        f"UPDATE studyapp_{table} AS row SET case_id = studyapp_case.id "
        "FROM studyapp_case WHERE studyapp_case.image_id = row.image_id"
        for table in TABLES
    ),
    NOW,
    LATER,
]
# The earlier schema would keep one question's prediction of a photo and call it the photo's.
GUARD = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM studyapp_case WHERE context <> '') THEN
        RAISE EXCEPTION 'photos have contexts, which the earlier schema can''t hold; restore the '
            'backup made before the upgrade';
    END IF;
END $$
"""
BACKWARD = [
    GUARD,
    *(
        f"UPDATE studyapp_{table} AS row SET image_id = studyapp_case.image_id "
        "FROM studyapp_case WHERE studyapp_case.id = row.case_id"
        for table in TABLES
    ),
    NOW,
    LATER,
]
RELATED = {"studyimage": "uses", "prediction": "predictions", "explanation": "explanations"}


def key(to, related, *, null):
    return models.ForeignKey(
        null=null,
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related,
        to=f"studyapp.{to}",
    )


class Migration(migrations.Migration):
    dependencies = [("studyapp", "0020_map_checks")]

    operations = [
        migrations.CreateModel(
            name="Case",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "context",
                    models.TextField(blank=True, help_text="As JSON; empty for the photo alone."),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="studyapp.image",
                    ),
                ),
            ],
        ),
        migrations.RemoveConstraint("studyimage", "study_image_once"),
        migrations.RemoveConstraint("prediction", "prediction_once"),
        migrations.RemoveConstraint("explanation", "explanation_once"),
        *(
            migrations.AddField(table, "case", key("case", related, null=True))
            for table, related in RELATED.items()
        ),
        *(
            migrations.AlterField(table, "image", key("image", related, null=True))
            for table, related in RELATED.items()
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        *(
            migrations.AlterField(table, "case", key("case", related, null=False))
            for table, related in RELATED.items()
        ),
        *(migrations.RemoveField(table, "image") for table in RELATED),
        migrations.AddConstraint(
            "studyimage",
            models.UniqueConstraint(fields=("study", "case"), name="study_case_once"),
        ),
        migrations.AddConstraint(
            "prediction",
            models.UniqueConstraint(fields=("case", "network"), name="prediction_once"),
        ),
        migrations.AddConstraint(
            "explanation",
            models.UniqueConstraint(
                fields=("case", "network", "class_index", "method", "settings_digest"),
                name="explanation_once",
            ),
        ),
    ]
