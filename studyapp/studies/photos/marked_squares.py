"""Maps of what people marked cover the square of the photo that those people saw."""

from photos.tables import Record, TableError
from studyapp.sections.design import ConditionSection

# The column that `study regions` writes: what decides which square that is
SQUARE = "square_of"


def refuse_square(record: Record, condition: ConditionSection, network: str, square: str) -> None:
    """What people marked would lie beside what they meant."""
    given = record.cells.get(SQUARE)
    if not given:
        return
    if condition.settings.get("covers") == "photo":
        raise TableError(
            f"{record.where}: the map covers the square of the photo that people saw; remove "
            '`covers = "photo"`'
        )
    if given != square:
        raise TableError(
            f"{record.where}: the map covers the square of the photo that one network was given "
            f"({given}), and people will see that of {network} ({square}); name the same network, "
            f"or, if you know that both are given the same square, remove the column {SQUARE}"
        )
