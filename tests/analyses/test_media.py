"""What the report says where explanations of several kinds are compared."""

from studyapp.analyses.media import medium_notes

DEFINITION = {
    "conditions": [
        {"name": "cam", "method": "grad_cam"},
        {"name": "lime", "method": "imported"},
        {"name": "said", "method": "imported", "kind": "text"},
        {"name": "pairs", "method": "imported", "kind": "pictures"},
        {"name": "nothing", "method": "none"},
    ]
}


def test_conditions_of_several_kinds_are_told_as_confounded() -> None:
    assert list(medium_notes(DEFINITION, {"cam", "lime", "nothing"})) == []
    assert list(medium_notes(DEFINITION, {"lime", "said", "nothing"})) == [
        "lime shows a map, said shows words: what differs between them is confounded with the "
        "medium"
    ]
    assert [one.partition(":")[0] for one in medium_notes(DEFINITION, {"cam · pairs"})] == [
        "cam shows a map, pairs shows several pictures side by side"
    ]
    assert list(medium_notes({}, {"a"})) == []
