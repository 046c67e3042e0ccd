"""What the launcher asks of the site, each in a process of its own: `python -m demo.studies VERB`.

`migrate` readies the database, the static files and the admin's user;
`open FILE…` makes what the studies need, loads their files, prepares and opens them.
"""

import io
import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyapp.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import CommandError, call_command  # noqa: E402
from django.db import OperationalError  # noqa: E402
from django.db.models import Q  # noqa: E402

from demo.environment import STUDIES  # noqa: E402
from ready.catalogue import (  # noqa: E402
    PHOTOS,
    READY,
    folder_of,
    make,
    needed_by,
    ready_files,
)
from ready.errors import MakingError  # noqa: E402
from ready.folders import originals  # noqa: E402
from ready.photos.sets import make_photos  # noqa: E402
from sandbox.processes import PlainError  # noqa: E402
from studyapp.models import Study, StudyState  # noqa: E402
from studyapp.studies.definition.file import DefinitionError, read_definition  # noqa: E402
from studyapp.studies.editing import Version, people_of_pilots, stored_version  # noqa: E402

ADMIN = "admin"
# Each is told in a sentence.
HINDRANCES = (PlainError, MakingError, CommandError, DefinitionError)
NOT_YET_OPEN = (StudyState.DRAFT, StudyState.PREPARING)


def migrate() -> None:
    """Bring the database and the static files to this version; make the admin's user once."""
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    users = get_user_model()
    if not users._default_manager.filter(username=ADMIN).exists():
        password = os.environ["DEMO_ADMIN_PASSWORD"]
        users._default_manager.create_superuser(ADMIN, password=password)


def open_studies(files: Sequence[Path]) -> None:
    """Take every study as far as open; one that has been open stays as it is. Ready studies beside
    the demo's own come after all others. One whose networks are made here and that can't be opened
    hinders no other."""
    left = [file for file in files if not has_been_open(slug_of(file))]
    ready = [file for file in left if file in ready_files().values() and file not in STUDIES]
    hindered = drafts_of_others(left)
    if own_photos() is not None:
        hindered |= without_own_photos(left)
    needed = [file for file in left if file not in (*ready, *hindered)]
    by_minutes = sorted(needed, key=minutes_of)  # the workers are busy while the rest is made
    for step, order in ((begin, by_minutes), (finish, needed), (begin, ready), (finish, ready)):
        for file in order:
            if file in hindered:
                continue
            try:
                step(file)
            except HINDRANCES as reason:
                if file in needed and not made_beside_photos(file):
                    raise
                hindered[file] = " ".join(str(reason).split())
                say(f"{slug_of(file)} can't be opened: {hindered[file]}")
    tell(list(map(slug_of, files)), hindered)


def made_beside_photos(file: Path) -> list[str]:
    """What a study needs made beside the photos, without which there is no demo at all."""
    return [name for name in needed_by(file) if name != PHOTOS]


def drafts_of_others(files: Sequence[Path]) -> dict[Path, str]:
    """The studies whose drafts hold somebody's work, and what to do: loading the file again would
    delete it, and opening them is for whoever has worked on them."""
    drafts = {study.slug: study for study in Study.objects.filter(state__in=NOT_YET_OPEN)}
    found = {}
    for file in files:
        if (draft := drafts.get(slug_of(file))) is None:
            continue
        if stored_version(draft) != Version.of_file(file):
            held = "its draft differs from the file, perhaps because somebody has changed it"
        elif people := people_of_pilots(draft):
            who = "1 person" if people == 1 else f"{people} people"
            held = f"{who} took part in a pilot of its draft"
        else:
            continue
        found[file] = (
            f"{held}, so it stays as it is; open it at the desk, or replace it by "
            f"`./manage.py study load {file} --replace`"
        )
    return found


def without_own_photos(files: Sequence[Path]) -> dict[Path, str]:
    """Of the demo's own studies those that PHOTOS= changes nothing in, and why they are left out:
    their networks are trained on photos whose objects the demo cuts out."""
    return {
        file: f"PHOTOS= names your own photos, and {', '.join(others)} is made of the demo's; "
        f"`make demo STUDIES={file.stem}` without PHOTOS= opens it"
        for file in files
        if file in STUDIES and (others := made_beside_photos(file))
    }


def minutes_of(file: Path) -> int:
    """How long it takes to make what is missing, roughly."""
    return sum(READY[name].minutes for name in needed_by(file) if not folder_of(name).exists())


def begin(file: Path) -> None:
    """Make what a study needs, load it, and let the workers begin."""
    for name in needed_by(file):
        if name == PHOTOS and (own := own_photos()) is not None:
            make_photos(originals(), folder_of(PHOTOS), own=own)
        elif name == PHOTOS:  # tells of itself, and makes what of it is missing
            make(PHOTOS)
        elif not folder_of(name).exists():
            say(f"Making {name} (about {READY[name].minutes} min) …")
            make(name)
    slug = slug_of(file)
    say(f"Loading {slug} …")
    call_command("study", "load", str(file), "--replace")
    call_command("study", "prepare", slug, stdout=io.StringIO())


def finish(file: Path) -> None:
    """Wait until a study is prepared, and open it."""
    slug = slug_of(file)
    say(f"The workers predict, explain and draw for {slug} …")
    call_command("study", "prepare", slug, "--wait", "--retry")
    call_command("study", "open", slug)


def tell(slugs: Sequence[str], hindered: Mapping[Path, str]) -> None:
    """The addresses of all that is open, each alone on its line, then the admin's user and
    password, and what is not open."""
    address = f"http://127.0.0.1:{os.environ['DEMO_PORT']}/"
    shown = Q(slug__in=slugs) | Q(definition__demo=True)
    open_now = Study.objects.filter(shown, copy_of=None, state=StudyState.OPEN)
    lines = ["", "Landing page:", address, "Take part:"]
    lines += [f"{address}s/{study.slug}/" for study in open_now.order_by("opened_at", "pk")]
    lines += ["Admin:", f"{address}admin/login/", "User: admin"]
    lines += [f"Not open: {slug_of(file)}: {why}" for file, why in hindered.items()]
    say("\n".join([*lines, f"Password: {os.environ['DEMO_ADMIN_PASSWORD']}", ""]))


def slug_of(file: Path) -> str:
    """Before what the file names was made, so that it can't be checked yet."""
    try:
        return str(tomllib.loads(file.read_text("utf-8"))["slug"])
    except (OSError, ValueError, KeyError):
        return read_definition(file).slug  # says what is wrong with it


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
    except (*HINDRANCES, OperationalError) as reason:
        print(str(reason).strip(), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
