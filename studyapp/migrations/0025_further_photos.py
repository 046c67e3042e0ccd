"""Further photos of a case, and a trigger that keeps them as the case's digest knows them."""

import django.db.models.deletion
from django.db import migrations, models

CREATE = """
CREATE FUNCTION studyapp_keep_case_photos() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the photos of a case are never changed' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER case_photos_are_kept BEFORE UPDATE ON studyapp_casephoto
    FOR EACH ROW EXECUTE FUNCTION studyapp_keep_case_photos();
"""
# The earlier schema would call such a case by a digest that it could not make again.
DROP = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM studyapp_casephoto) THEN
        RAISE EXCEPTION 'cases have further photos, which the earlier schema can''t hold; restore '
            'the backup made before the upgrade';
    END IF;
END $$;
DROP TRIGGER case_photos_are_kept ON studyapp_casephoto;
DROP FUNCTION studyapp_keep_case_photos();
"""


class Migration(migrations.Migration):
    dependencies = [("studyapp", "0024_checks_hold_no_lists")]

    operations = [
        migrations.CreateModel(
            name="CasePhoto",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="photos",
                        to="studyapp.case",
                    ),
                ),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="beside",
                        to="studyapp.image",
                    ),
                ),
            ],
            options={"ordering": ["case", "position"]},
        ),
        migrations.AddConstraint(
            "casephoto",
            models.UniqueConstraint(fields=("case", "position"), name="case_photo_position_once"),
        ),
        migrations.AddConstraint(
            "casephoto",
            models.CheckConstraint(
                condition=models.Q(("position__gte", 2)), name="case_photo_after_the_first"
            ),
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
