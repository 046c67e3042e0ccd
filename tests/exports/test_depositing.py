"""A deposit, at an archive on loopback that answers as Zenodo's documentation says."""

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core.management import CommandError

from sandbox.builders import ETHICS, open_small_study
from sandbox.people import send_people
from studyapp.exports.depositing import DepositError, Zenodo
from studyapp.models import Participation, Study
from studyapp.studies.lifecycle import close_study
from studyapp.studies.publication import give_publication, publication_of
from tests.exports.test_publication import GIVEN
from tests.running import output_of

pytestmark = pytest.mark.django_db

TOKEN = "a-secret-token"
DOI = "10.5281/zenodo.7654321"
WITHOUT_DOI = GIVEN.replace('doi = "10.5281/zenodo.1234567"\n', "")


class Archive(BaseHTTPRequestHandler):
    """Deposits by number, as the server's thread leaves them. refuses: the method that fails."""

    drafts: dict[str, dict[str, Any]] = {}
    refuses = ""
    elsewhere = ""

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self.say(401, {"message": f"no such token: {self.headers['Authorization']}"})
            return
        if self.command == self.refuses:
            self.say(400, {"message": "Validation error."})
            return
        host = self.elsewhere or f"http://127.0.0.1:{self.server.server_address[1]}"
        match [self.command, *self.path.strip("/").split("/")]:
            case ["POST", "api", "deposit", "depositions"]:
                self.drafts["7"] = {"files": {}}
                draft = {
                    "id": 7,
                    "metadata": {"prereserve_doi": {"doi": DOI, "recid": 7}},
                    "links": {"bucket": f"{host}/api/files/b7", "html": f"{host}/deposit/7"},
                }
                self.say(201, draft)
            case ["PUT", "api", "files", "b7", name]:
                self.drafts["7"]["files"][name] = body
                self.say(201, {"checksum": f"md5:{hashlib.md5(body).hexdigest()}"})
            case ["PUT", "api", "deposit", "depositions", number]:
                self.drafts[number]["metadata"] = json.loads(body)["metadata"]
                self.say(200, {})
            case ["DELETE", "api", "deposit", "depositions", number]:
                del self.drafts[number]
                self.say(204, None)
            case _:
                self.say(404, {})

    do_POST = do_PUT = do_DELETE = answer  # noqa: N815

    def say(self, status: int, told: Any) -> None:
        content = b"" if told is None else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("ZENODO_TOKEN", TOKEN)
    monkeypatch.setattr(Archive, "drafts", {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), Archive)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def study(db: None) -> Study:
    study = open_small_study(slug="small", ethics=ETHICS)
    send_people(study, 2)
    Participation.objects.update(publication_consent=True)
    give_publication(study, WITHOUT_DOI, "")
    return close_study(study)


def test_a_draft_holds_a_bundle_that_names_its_own_doi(study: Study, archive: str) -> None:
    told = output_of("deposit", study.slug, archive=archive)
    assert DOI in told
    assert f"{archive}/deposit/7" in told
    draft = Archive.drafts["7"]
    with zipfile.ZipFile(io.BytesIO(draft["files"]["small.zip"])) as bundle:
        assert f"doi: {DOI}" in bundle.read("CITATION.cff").decode()
        assert json.loads(bundle.read("manifest.json"))["public"] is True
        assert TOKEN not in "".join(
            bundle.read(name).decode(errors="ignore") for name in bundle.namelist()
        )
    asked = draft["metadata"]
    assert asked["creators"][0] == {
        "name": "Lovelace, Augusta Ada", "affiliation": "University of Examples",
        "orcid": "0000-0002-1825-0097",
    }  # fmt: skip
    assert (asked["upload_type"], asked["license"]) == ("dataset", "cc-by-4.0")
    assert asked["related_identifiers"][0]["relation"] == "isSupplementTo"
    given = publication_of(Study.objects.get(pk=study.pk))
    assert given is not None
    assert given.doi == DOI
    with pytest.raises(CommandError, match=f"has the DOI {DOI} already"):
        output_of("deposit", study.slug, archive=archive)


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_what_fails_leaves_neither_a_draft_nor_a_doi(
    method: str, study: Study, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Archive, "refuses", method)
    with pytest.raises(CommandError, match=r"refused with 400: .*Validation error"):
        output_of("deposit", study.slug, archive=archive)
    assert Archive.drafts == {}
    given = publication_of(Study.objects.get(pk=study.pk))
    assert given is not None
    assert given.doi is None


def test_the_token_is_told_to_nobody(
    study: Study, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "secret" not in repr(Zenodo(archive, TOKEN))
    monkeypatch.setenv("ZENODO_TOKEN", "a-wrong-secret")
    with pytest.raises(CommandError, match="refused with 401") as caught:
        output_of("deposit", study.slug, archive=archive)
    assert "a-wrong-secret" not in str(caught.value)
    monkeypatch.setenv("ZENODO_TOKEN", TOKEN)
    # An archive that names a file's place at another host gets no second request there
    monkeypatch.setattr(Archive, "elsewhere", "http://localhost:9")
    with pytest.raises(CommandError, match="names an address at another host"):
        output_of("deposit", study.slug, archive=archive)
    for url, token, why in [
        ("https://zenodo.org", "", "no token is set"),
        ("http://zenodo.org", TOKEN, "not an https address"),
    ]:
        with pytest.raises(DepositError, match=why):
            Zenodo(url, token)


def test_nothing_is_deposited_without_authors_and_a_licence(study: Study, archive: str) -> None:
    give_publication(study, '[publication]\nlicence = "CC0-1.0"\n', "")
    with pytest.raises(CommandError, match="asks for authors and a licence"):
        output_of("deposit", study.slug, archive=archive)
    assert Archive.drafts == {}
