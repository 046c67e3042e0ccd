"""The section of a study file about the sites of a study that several laboratories run together."""

from pydantic import Field

from .base import Count, Name, Section, ShownLine, ShownText, Text


class SiteSection(Section):
    """One site. What it leaves out of approval and contacts is that of `ethics`."""

    name: Name = Field(description="Stands in the site's link, and in the data.")
    title: ShownLine = Field(description="As people and reports read it.")
    people: Count = Field(ge=1, description="Places of the design that are this site's.")
    approved_by: ShownText | None = Field(None, description="The body that approved it there.")
    protocol: Text | None = Field(None, description="The number of its protocol there.")
    contact: ShownText | None = Field(None, description="Whom people can ask there.")
    complaints: ShownText | None = Field(None, description="To whom people can complain there.")
    data_controller: ShownText | None = Field(
        None, description="Who is responsible for the data there."
    )

    @property
    def of_its_own(self) -> dict[str, str]:
        """What the site says instead of `ethics`, by the keys of that section."""
        keys = {"approved_by", "protocol", "contact", "complaints", "data_controller"}
        return self.model_dump(include=keys, exclude_none=True)
