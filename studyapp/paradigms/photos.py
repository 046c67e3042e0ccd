"""Blocks that may ask about photos, or about none."""

from pydantic import Field

from studyapp.sections.blocks import BlockSection


class PhotosIfWanted(BlockSection):
    with_photos: bool = Field(False, description="Ask about photos.")


def wants_photos(block: PhotosIfWanted) -> bool:
    return block.with_photos
