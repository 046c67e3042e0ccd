from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q

WORK = ('crop', 'download', 'explanation', 'making', 'measurement', 'networkload', 'overlay',
        'prediction', 'rehearsal', 'report')


class Migration(migrations.Migration):
    """Concurrently: the workers go on writing these rows meanwhile."""

    atomic = False

    dependencies = [
        ('studyapp', '0045_backups'),
    ]

    # One that was broken off, such as by `migrate` that waited too long, leaves an index of no use.
    operations = [
        operation
        for name in WORK
        for operation in (
            migrations.RunSQL(
                f'DROP INDEX CONCURRENTLY IF EXISTS {name}_watched', migrations.RunSQL.noop
            ),
            AddIndexConcurrently(
                model_name=name,
                index=models.Index(
                    condition=Q(state='failed') | Q(claimed_until__isnull=False),
                    fields=['state', 'claimed_until'],
                    name=f'{name}_watched',
                ),
            ),
        )
    ]
