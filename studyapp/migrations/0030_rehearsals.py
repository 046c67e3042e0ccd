import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("studyapp", "0029_targets"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Rehearsal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "pending"),
                            ("ready", "ready"),
                            ("failed", "failed"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("error", models.TextField(blank=True)),
                ("claimed_by", models.CharField(blank=True, max_length=200)),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("people", "simulated people"), ("power", "power")],
                        max_length=10,
                    ),
                ),
                (
                    "asked",
                    models.JSONField(default=dict, help_text="What was asked for, by option."),
                ),
                (
                    "asked_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "definition_digest",
                    models.CharField(
                        help_text="Of the definition as it was when this was asked for.",
                        max_length=64,
                    ),
                ),
                (
                    "result",
                    models.JSONField(blank=True, help_text="The facts, as by command.", null=True),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rehearsals",
                        to="studyapp.study",
                    ),
                ),
            ],
            options={
                "ordering": ["-asked_at"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "failed"), _negated=True),
                            models.Q(("error", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="rehearsal_failed_has_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("result__isnull", False), ("state", "ready")),
                            models.Q(
                                models.Q(("state", "ready"), _negated=True),
                                ("result__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="rehearsal_ready_iff_result",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "pending")),
                        fields=("study",),
                        name="rehearsal_one_at_a_time",
                    ),
                ],
            },
        ),
    ]
