"""A function that finds the participations in a study that belong to a panel's id
(`studyapp.participations.statements`); see migration 49 for how such functions are changed.
"""

from django.db import migrations

# Each half uses an index of its own; the index's condition is repeated here so that it can be used.
KNOWN = """
CREATE FUNCTION studyapp_known_1(in_study bigint, of_source text, of_id text, digests text[])
RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY_TO_JSON(ARRAY(
        SELECT to_json(kept)
        FROM studyapp_panelidentity identity
        JOIN studyapp_participation kept ON kept.participant_id = identity.participant_id
        WHERE identity.source = of_source AND identity.external_id = of_id
            AND kept.study_id = in_study
        UNION ALL
        SELECT to_json(erased)
        FROM studyapp_participation erased
        WHERE erased.study_id = in_study AND erased.id_digest = ANY(digests)
            AND erased.id_digest <> ''
    ));
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("studyapp", "0050_judgments_have_one_index_of_a_person")]
    operations = [migrations.RunSQL(KNOWN, "DROP FUNCTION studyapp_known_1")]
