"""The sections of a study file about what people are told before consenting, and paid."""

from typing import Annotated

from pydantic import Field

from .base import Amount, Count, Line, Section, ShownText, Text
from .limits import Limit


class EthicsSection(Section):
    """What people must be told before consenting; only a pilot can do without it."""

    approved_by: ShownText = Field(description="The body that approved the study.")
    protocol: Text = Field(description="The number of its protocol.")
    contact: ShownText = Field(description="Whom people can ask.")
    complaints: ShownText = Field(description="To whom people can complain.")
    risks: ShownText = Field(description="The risks of taking part.")
    minutes: Count = Field(ge=1, description="How long it takes.")
    data_controller: ShownText = Field(description="Who is responsible for the data.")
    legal_basis: ShownText = Field(description="Why the data may be processed.")
    retention: ShownText = Field(description="How long the data are kept.")
    withdrawal_deadline: ShownText = Field(
        description="Until when people can withdraw their answers."
    )
    minimum_age: Annotated[int, Limit(120)] = Field(
        18, ge=16, description="The youngest age at which people may take part."
    )
    deceives: bool = Field(False, description="Whether the debrief must correct something.")


class PaySection(Section):
    amount: Amount = Field(ge=0, description="For the whole study.")
    currency: Annotated[Line, Limit(20)] = Field(description="Such as GBP.")
    hourly_floor: Amount = Field(
        ge=0, description="Checked against `ethics.minutes` and the pilots' median."
    )
    partial: Amount = Field(0, ge=0, description="For those screened out or stopped by a fault.")
