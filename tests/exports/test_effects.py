"""People's and photos' effects as tables of a bundle."""

from studyapp.analyses.results import results
from studyapp.analyses.tidy import Tidy
from studyapp.exports.effects import effects_tables
from tests.analyses.oracles import oracle
from tests.analyses.tidy_tables import crossed, make_tidy


def test_the_tables_have_the_effects_of_the_results_row_by_row() -> None:
    frame = oracle("singular")[0].replace({"participant": {"p01": "=1+1"}})
    found = results(Tidy(frame, "discrimination", "correct"))
    tables = dict(effects_tables(found))
    assert list(tables) == ["people-effects", "photo-effects"]
    people, photos = tables.values()
    assert list(people.columns) == ["participant", "n", "mean", "effect", "se", "low95", "high95"]
    told = found["people_effects"]["rows"]
    assert list(people["effect"]) == [row["effect"] for row in told]
    assert list(people["high95"]) == [row["interval95"][1] for row in told]
    # No name runs as a formula; photos whose variance is 0 have no interval
    assert people["participant"].str.startswith("'=").sum() == 1
    assert photos["low95"].isna().all()


def test_without_a_model_there_is_no_table() -> None:
    assert list(effects_tables(results(make_tidy("correct", crossed("ab", "0000"))))) == []
