"""What the launcher asks of the site, each in a process of its own: `python -m demo.studies VERB`.

`migrate` readies the database, the static files and the admin's user;
`open FILE…` makes the photos, loads the study files, prepares the studies and opens them.
"""

import io
import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyapp.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import CommandError, call_command  # noqa: E402
from django.db import OperationalError  # noqa: E402

from demo.environment import STUDIES, var  # noqa: E402
from demo.photos import make_photos  # noqa: E402
from sandbox.processes import PlainError  # noqa: E402
from studyapp.models import Study, StudyState  # noqa: E402
from studyapp.studies.definition.file import DefinitionError, read_definition  # noqa: E402

ADMIN = "admin"
NOT_YET_OPEN = (StudyState.DRAFT, StudyState.PREPARING)


def migrate() -> None:
    """Bring the database and the static files to this version; make the admin's user once."""
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    users = get_user_model()
    if not users._default_manager.filter(username=ADMIN).exists():
        password = os.environ["DEMO_ADMIN_PASSWORD"]
        users._default_manager.create_superuser(ADMIN, password=password)


def open_studies(files: list[Path]) -> None:
    """Take every study as far as open; one that has been open stays as it is."""
    slugs = {file: read_definition(file).slug for file in files}
    left = [file for file in files if not has_been_open(slugs[file])]
    if not left:
        return
    if set(left) & set(STUDIES):
        make_photos(var() / "demo" / "originals", var() / "demo" / "photos", own=own_photos())
    for file in left:
        say(f"Loading {slugs[file]} …")
        call_command("study", "load", str(file), "--replace")
        call_command("study", "prepare", slugs[file], stdout=io.StringIO())
    for file in left:
        say(f"The workers predict, explain and draw for {slugs[file]} …")
        call_command("study", "prepare", slugs[file], "--wait", "--retry")
        call_command("study", "open", slugs[file])


def has_been_open(slug: str) -> bool:
    return Study.objects.filter(slug=slug).exclude(state__in=NOT_YET_OPEN).exists()


def own_photos() -> Path | None:
    """The folder named with PHOTOS=, one sub-folder per class."""
    named = os.environ.get("PHOTOS", "")
    return Path(named).expanduser().absolute() if named else None


def say(sentence: str) -> None:
    print(sentence, flush=True)


def main(verb: str, arguments: list[str]) -> int:
    try:
        if verb == "migrate":
            migrate()
        else:
            open_studies([Path(name).absolute() for name in arguments])
    except (PlainError, CommandError, DefinitionError, OperationalError) as reason:
        print(str(reason).strip(), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
