import django.db.models.deletion
from django.db import migrations, models

# Django's own index, of the foreign key
REDUNDANT = 'studyapp_judgment_participation_id_e8553cc0'


class Migration(migrations.Migration):
    """`judgment_once` and `judgment_of_person` begin with the person too. An index of the person alone
    was therefore redundant, and cost each answer a write. It is dropped concurrently, so that people
    can go on answering.
    """

    atomic = False

    dependencies = [
        ('studyapp', '0049_where_a_person_stands'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='judgment',
                    name='participation',
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name='judgments',
                        to='studyapp.participation',
                    ),
                ),
            ],
            database_operations=[
                migrations.RunSQL(
                    f'DROP INDEX CONCURRENTLY IF EXISTS {REDUNDANT}',
                    f'CREATE INDEX CONCURRENTLY IF NOT EXISTS {REDUNDANT} '
                    'ON studyapp_judgment (participation_id)',
                ),
            ],
        ),
    ]
