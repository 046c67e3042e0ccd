"""Functions that tell in one round trip where a person stands: their row, what their pages show of
the study, and which trials they have judged (`studyapp.participations.statements`).

The code of the release before goes on beside those of the next: a function is never changed, a new
one has the next number, and the old one is dropped a release later.
"""

from django.db import migrations

# As of one moment, so that no page shows a person of before an answer with the trials after it.
# A STABLE function sees what the query that calls it sees.
STANDING = """
CREATE FUNCTION studyapp_standing_1(person_code text) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT json_build_object(
            'person', to_json(person),
            'study', json_build_object(
                'id', study.id,
                'slug', study.slug,
                'title', study.title,
                'state', study.state,
                'kind', study.kind,
                'texts_digest', study.texts_digest,
                'definition_digest', study.definition_digest
            ),
            'judged', ARRAY(
                SELECT trial_id FROM studyapp_judgment WHERE participation_id = person.id
            )
        )
        FROM studyapp_participation person JOIN studyapp_study study ON study.id = person.study_id
        WHERE person.code = person_code
    );
END $$
"""
# Two statements on purpose. One that locks and reads at once would go on, after it has waited for
# another answer, with the judgments of before that answer. A VOLATILE function (as this one is)
# sees in each statement what has been committed by then.
LOCKED = """
CREATE FUNCTION studyapp_locked_standing_1(person_code text) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM studyapp_participation WHERE code = person_code FOR UPDATE;
    RETURN studyapp_standing_1(person_code);
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("studyapp", "0048_restore_drills")]
    operations = [
        migrations.RunSQL(STANDING, "DROP FUNCTION studyapp_standing_1"),
        migrations.RunSQL(LOCKED, "DROP FUNCTION studyapp_locked_standing_1"),
    ]
