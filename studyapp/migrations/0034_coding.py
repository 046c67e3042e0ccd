"""Open answers coded at the desk, with triggers that keep what was coded."""


import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

# What was coded is only added to, and only while its round allows it; its codes are those of the
# scheme, in its order. The codes of a scheme that is in use stay.
CREATE = """
CREATE FUNCTION studyapp_keep_codings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    answer bigint; scheme bigint; only_one boolean; ended timestamptz; known jsonb;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'a coding is never edited' USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF coalesce(current_setting('discern.withdrawing', true), '') <> 'yes' THEN
            RAISE EXCEPTION 'a coding is deleted only with its answer'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF TG_TABLE_NAME = 'studyapp_coding' THEN
        SELECT answer_id INTO answer FROM studyapp_reading WHERE id = NEW.reading_id;
    ELSE
        answer := NEW.answer_id;
    END IF;
    SELECT s.id, s.is_exclusive, r.ended_at INTO scheme, only_one, ended
        FROM studyapp_codedanswer a
        JOIN studyapp_codingscheme s ON s.id = a.scheme_id
        JOIN studyapp_codinground r ON r.id = a.round_id
        WHERE a.id = answer FOR SHARE OF r;
    IF TG_TABLE_NAME = 'studyapp_coding' AND ended IS NOT NULL THEN
        RAISE EXCEPTION 'the round has ended' USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_TABLE_NAME = 'studyapp_adjudication' AND ended IS NULL THEN
        RAISE EXCEPTION 'the round has not ended' USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT coalesce(jsonb_agg(name ORDER BY position), '[]'::jsonb) INTO known
        FROM studyapp_schemecode WHERE scheme_id = scheme AND NEW.codes ? name;
    IF known IS DISTINCT FROM NEW.codes THEN
        RAISE EXCEPTION 'only codes of the scheme, each once and in its order'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF only_one AND jsonb_array_length(NEW.codes) <> 1 THEN
        RAISE EXCEPTION 'exactly one code' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER codings_are_kept BEFORE INSERT OR UPDATE OR DELETE ON studyapp_coding
    FOR EACH ROW EXECUTE FUNCTION studyapp_keep_codings();
CREATE TRIGGER adjudications_are_kept BEFORE INSERT OR UPDATE OR DELETE ON studyapp_adjudication
    FOR EACH ROW EXECUTE FUNCTION studyapp_keep_codings();

CREATE FUNCTION studyapp_keep_codes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    row record;
    scheme bigint;
BEGIN
    IF TG_OP = 'DELETE' THEN row := OLD; ELSE row := NEW; END IF;
    IF TG_TABLE_NAME = 'studyapp_schemecode' THEN
        scheme := row.scheme_id;
    ELSE
        scheme := row.id;
    END IF;
    IF EXISTS (SELECT FROM studyapp_codedanswer WHERE scheme_id = scheme) THEN
        RAISE EXCEPTION 'the codes of a scheme in use are kept'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN row;
END $$;
CREATE TRIGGER codes_are_kept BEFORE INSERT OR UPDATE OR DELETE ON studyapp_schemecode
    FOR EACH ROW EXECUTE FUNCTION studyapp_keep_codes();
CREATE TRIGGER schemes_are_kept
    BEFORE UPDATE OF block, question, version, is_exclusive ON studyapp_codingscheme
    FOR EACH ROW WHEN (
        (OLD.block, OLD.question, OLD.version, OLD.is_exclusive)
        IS DISTINCT FROM (NEW.block, NEW.question, NEW.version, NEW.is_exclusive)
    ) EXECUTE FUNCTION studyapp_keep_codes();
"""
DROP = """
DROP TRIGGER schemes_are_kept ON studyapp_codingscheme;
DROP TRIGGER codes_are_kept ON studyapp_schemecode;
DROP FUNCTION studyapp_keep_codes();
DROP TRIGGER adjudications_are_kept ON studyapp_adjudication;
DROP TRIGGER codings_are_kept ON studyapp_coding;
DROP FUNCTION studyapp_keep_codings();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('studyapp', '0033_makings'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='member',
            name='role',
            field=models.CharField(choices=[('owner', 'Owner'), ('researcher', 'Researcher'), ('assistant', 'Assistant'), ('coder', 'Coder')], max_length=10),
        ),
        migrations.CreateModel(
            name='CodingScheme',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('block', models.CharField(max_length=60)),
                ('question', models.CharField(max_length=60)),
                ('version', models.PositiveSmallIntegerField(default=1)),
                ('is_exclusive', models.BooleanField(default=True, help_text='Otherwise an answer may have several codes, or none.', verbose_name='one code per answer')),
                ('is_public', models.BooleanField(default=False, help_text='Puts the codes of people who agreed to publication into the public bundle. The answers themselves are never in it.', verbose_name='the codes may be published')),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='coding_schemes', to='studyapp.study')),
            ],
            options={
                'ordering': ['block', 'question', 'version'],
            },
        ),
        migrations.CreateModel(
            name='CodingRound',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(default=1)),
                ('seed', models.BigIntegerField()),
                ('overlap', models.PositiveSmallIntegerField(default=100, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)])),
                ('begun_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('scheme', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rounds', to='studyapp.codingscheme')),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='Coder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('scheme', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='coders', to='studyapp.codingscheme')),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='CodedAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_shared', models.BooleanField()),
                ('judgment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='coded', to='studyapp.judgment')),
                ('round', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='studyapp.codinground')),
                ('scheme', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='studyapp.codingscheme')),
            ],
        ),
        migrations.CreateModel(
            name='Reading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.PositiveIntegerField()),
                ('answer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='readings', to='studyapp.codedanswer')),
                ('coder', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='readings', to='studyapp.coder')),
            ],
            options={
                'ordering': ['place'],
            },
        ),
        migrations.CreateModel(
            name='Coding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('revision', models.PositiveSmallIntegerField()),
                ('codes', models.JSONField()),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('reading', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='codings', to='studyapp.reading')),
            ],
        ),
        migrations.CreateModel(
            name='SchemeCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('name', models.CharField(max_length=60)),
                ('definition', models.TextField(max_length=2000)),
                ('example', models.TextField(blank=True, max_length=2000)),
                ('scheme', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='codes', to='studyapp.codingscheme')),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.CreateModel(
            name='Adjudication',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('revision', models.PositiveSmallIntegerField()),
                ('codes', models.JSONField()),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('answer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='adjudications', to='studyapp.codedanswer')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('answer', 'revision'), name='adjudication_once'), models.CheckConstraint(condition=models.Q(('revision__gte', 1)), name='adjudication_revisions_from_1')],
            },
        ),
        migrations.AddConstraint(
            model_name='codingscheme',
            constraint=models.UniqueConstraint(fields=('study', 'block', 'question', 'version'), name='coding_scheme_once'),
        ),
        migrations.AddConstraint(
            model_name='codingscheme',
            constraint=models.CheckConstraint(condition=models.Q(('version__gte', 1)), name='coding_scheme_versions_from_1'),
        ),
        migrations.AddConstraint(
            model_name='codinground',
            constraint=models.UniqueConstraint(fields=('scheme', 'number'), name='coding_round_once'),
        ),
        migrations.AddConstraint(
            model_name='codinground',
            constraint=models.CheckConstraint(condition=models.Q(('overlap__gte', 1), ('overlap__lte', 100)), name='coding_round_overlap_in_percent'),
        ),
        migrations.AddConstraint(
            model_name='codinground',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at', None), ('ended_at__gte', models.F('begun_at')), _connector='OR'), name='coding_round_ends_after_it_begins'),
        ),
        migrations.AddConstraint(
            model_name='coder',
            constraint=models.UniqueConstraint(fields=('scheme', 'number'), name='coder_number_once'),
        ),
        migrations.AddConstraint(
            model_name='coder',
            constraint=models.UniqueConstraint(fields=('scheme', 'user'), name='coder_once'),
        ),
        migrations.AddConstraint(
            model_name='codedanswer',
            constraint=models.UniqueConstraint(fields=('scheme', 'judgment'), name='coded_answer_once'),
        ),
        migrations.AddConstraint(
            model_name='reading',
            constraint=models.UniqueConstraint(fields=('answer', 'coder'), name='reading_once'),
        ),
        migrations.AddConstraint(
            model_name='reading',
            constraint=models.UniqueConstraint(fields=('coder', 'place'), name='reading_place_once'),
        ),
        migrations.AddConstraint(
            model_name='coding',
            constraint=models.UniqueConstraint(fields=('reading', 'revision'), name='coding_once'),
        ),
        migrations.AddConstraint(
            model_name='coding',
            constraint=models.CheckConstraint(condition=models.Q(('revision__gte', 1)), name='coding_revisions_from_1'),
        ),
        migrations.AddConstraint(
            model_name='schemecode',
            constraint=models.UniqueConstraint(fields=('scheme', 'name'), name='scheme_code_once'),
        ),
        migrations.AddConstraint(
            model_name='schemecode',
            constraint=models.UniqueConstraint(fields=('scheme', 'position'), name='scheme_code_position_once'),
        ),
        migrations.AddConstraint(
            model_name='schemecode',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='scheme_code_has_a_name'),
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
