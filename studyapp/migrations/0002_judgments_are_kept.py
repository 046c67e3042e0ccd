"""A trigger that refuses to edit a judgment, or to delete one outside a withdrawal."""

from django.db import migrations

CREATE = """
CREATE FUNCTION studyapp_keep_judgments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'a judgment is never edited' USING ERRCODE = 'restrict_violation';
    END IF;
    IF coalesce(current_setting('discern.withdrawing', true), '') <> 'yes' THEN
        RAISE EXCEPTION 'a judgment is deleted only by a withdrawal'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER judgments_are_kept BEFORE UPDATE OR DELETE ON studyapp_judgment
    FOR EACH ROW EXECUTE FUNCTION studyapp_keep_judgments();
"""
DROP = """
DROP TRIGGER judgments_are_kept ON studyapp_judgment;
DROP FUNCTION studyapp_keep_judgments();
"""


class Migration(migrations.Migration):
    dependencies = [("studyapp", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
