"""What every section of a study file is made of: closed records and kinds of texts and numbers."""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from studyapp.models import Participation

from .limits import Limit, column

NAME_PATTERN = r"^[a-z][a-z0-9_]{0,59}$"
SLUG_PATTERN = r"^[a-z][a-z0-9-]{0,79}$"
SHA256_PATTERN = r"^[0-9a-f]{64}$"
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN), Limit(60)]
Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN), Limit(80)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Text = Annotated[Line, Limit(5_000)]
Words = Annotated[str, Limit(200)]
Code = Annotated[Line, column(Participation, "completion_code")]
Count = Annotated[int, Limit(100_000)]
Seed = Annotated[int, Limit(2**62 - 1)]
Amount = Annotated[float, Limit(1_000_000)]
Bound = Annotated[float, Limit(10**9)]
Sha256 = Annotated[str, StringConstraints(pattern=SHA256_PATTERN)]


class NamesAFile:
    """The mark of a key whose value may be a file's name; `named_files` finds keys by it."""


class ReadByPeople:
    """The mark of a key whose words stand on participants' pages: a study in several languages has
    them in each."""


ShownLine = Annotated[Line, ReadByPeople()]
ShownText = Annotated[Text, ReadByPeople()]
ShownWords = Annotated[Words, ReadByPeople()]
FileName = Annotated[Text, NamesAFile()]
# Of a text, and of its file in a bundle
TEXT_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_-]*$")
TextName = Annotated[str, StringConstraints(pattern=TEXT_NAME.pattern)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
