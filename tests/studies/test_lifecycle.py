"""A study opens only when all is ready and verified, and stays as it was opened."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from sandbox.builders import make_study, open_small_study
from studyapp.models import (
    Crop,
    Deviation,
    Explanation,
    Overlay,
    Picture,
    Slot,
    Stimulus,
    StimulusOverlay,
    StimulusRole,
    StudyImage,
    StudyKind,
    StudyState,
    Trial,
    WorkState,
)
from studyapp.studies.copies import marked_copy
from studyapp.studies.lifecycle import (
    LifecycleError,
    close_study,
    open_study,
    pause_study,
    resume_study,
    start_preparing,
)
from studyapp.studies.photos.selection import PreparationError, replace_unusable
from studyapp.studies.retrying import drop_stimulus
from studyapp.studies.texts import correct_text, current_texts, shown_texts

pytestmark = pytest.mark.django_db


def test_opening_stores_the_design_and_freezes_the_study() -> None:
    study = open_small_study(people=4, trials=3, stimuli=4)
    assert study.state == StudyState.OPEN
    assert study.is_frozen
    assert study.definition_digest
    assert study.certificate["problems"] == []
    assert study.certificate["digest"] == study.design_digest
    assert Slot.objects.filter(study=study).count() == 4
    assert Trial.objects.filter(slot__study=study).count() == 12


def drawn_and_forgotten() -> tuple[int, str]:
    """The key and the design's digest of a study that is taken back; no key is used twice."""
    with transaction.atomic():
        study = open_small_study(slug="one")
        transaction.set_rollback(True)
    return study.pk, study.design_digest


def test_the_same_study_is_drawn_the_same_whatever_keys_its_rows_have() -> None:
    (first, digest), (second, again) = drawn_and_forgotten(), drawn_and_forgotten()
    assert first != second
    assert digest == again


def test_the_design_is_of_these_photos_and_its_digest_is_the_certificates() -> None:
    first, second = open_small_study(slug="one"), make_study(slug="one-again")
    # The second study differs by its photos only.
    assert open_study(second).design_digest != first.design_digest
    assert first.design_digest == first.certificate["digest"]


def test_sides_and_options_of_the_design_stand_in_the_rows() -> None:
    trust = open_small_study(slug="trust")
    assert set(trust.slots.values_list("trials__stronger_side", flat=True)) == {"A", "B"}
    pairs = open_small_study(slug="pairs", paradigm="discrimination")
    orders = {tuple(t.option_order) for t in Trial.objects.filter(slot__study=pairs)}
    assert orders == {(0, 1), (1, 0)}


def test_attention_checks_of_both_paradigms_have_answers_to_give() -> None:
    trust = open_small_study(slug="trust", checks=1)
    pairs = open_small_study(slug="pairs", paradigm="discrimination", checks=1)
    for study, expected in ((trust, {-2, -1, 1, 2}), (pairs, {0, 1})):
        for trial in Trial.objects.filter(slot__study=study, stage="check"):
            assert trial.expected in expected
            assert trial.stimulus is None
            assert trial.option_order == ([] if study == trust else [0, 1])


def test_a_study_that_is_not_prepared_is_not_opened() -> None:
    with pytest.raises(LifecycleError, match="explanations are not all ready"):
        open_study(make_study(prepared=False))


def test_a_study_with_an_unready_overlay_is_not_opened() -> None:
    study = make_study()
    overlay = Overlay.objects.filter(uses__stimulus__study=study)[:1].get()
    Overlay.objects.filter(pk=overlay.pk).update(state=WorkState.PENDING, digest="")
    with pytest.raises(
        LifecycleError, match=r"the guided_backprop of 0.png is pending; prepare it"
    ):
        open_study(study)


def test_a_study_with_an_empty_explanation_is_not_opened() -> None:
    study = make_study()
    Explanation.objects.update(is_empty=True)
    with pytest.raises(LifecycleError, match="shows nothing, because its map is empty"):
        open_study(study)


def test_a_photo_with_an_empty_map_that_nothing_can_replace_is_told_with_that_reason() -> None:
    study = make_study()
    Explanation.objects.update(is_empty=True)
    reason = (
        r"0.png can't be shown \(\w+, stronger network: the map is empty, with no positive value\)"
    )
    with pytest.raises(PreparationError, match=reason):
        replace_unusable(study)


@pytest.mark.parametrize("model", [Overlay, Crop])
def test_a_study_with_a_changed_picture_file_is_not_opened(model: type[Picture]) -> None:
    study = make_study()
    with default_storage.open(model._default_manager.earliest("pk").file, "ab") as file:
        file.write(b"one byte more")
    with pytest.raises(LifecycleError, match="missing or has changed"):
        open_study(study)


def test_a_study_without_a_photos_plain_picture_is_not_opened() -> None:
    study = make_study()
    Crop.objects.filter(pk=Crop.objects.earliest("pk").pk).update(
        state=WorkState.PENDING, digest=""
    )
    with pytest.raises(LifecycleError, match=r"the plain picture of 0.png is pending"):
        open_study(study)
    Crop.objects.earliest("pk").delete()
    with pytest.raises(LifecycleError, match=r"the plain picture of 0.png was never requested"):
        open_study(study)


def test_a_study_that_lacks_one_of_a_pages_maps_is_not_opened() -> None:
    study = make_study()
    StimulusOverlay.objects.filter(stimulus__study=study).earliest("pk").delete()
    with pytest.raises(LifecycleError, match=r"of 0.png was never requested; prepare it again"):
        open_study(study)


def test_a_dropped_photos_place_is_taken_by_none_that_another_question_shows() -> None:
    blocks = [
        {"name": "first", "paradigm": "trust", "trials": 2},
        {"name": "second", "paradigm": "rating", "trials": 2, "items": ["It is clear."]},
    ]
    study = make_study(blocks=blocks, stimuli=2, conditions=1, prepared=False)
    first, second = (list(study.stimuli.filter(paradigm=name)) for name in ("trust", "rating"))
    reserve = {"paradigm": "trust", "role": StimulusRole.RESERVE, "class_index": 1}
    study.stimuli.create(photo=second[0].photo, position=8, category="otter", **reserve)
    with pytest.raises(
        LifecycleError, match=r"shown \(blurred\), and no eligible photo is left to"
    ):
        drop_stimulus(first[0], "blurred")
    free = make_study(slug="free", stimuli=1).images.get()
    StudyImage.objects.filter(pk=free.pk).update(study=study)
    Stimulus.objects.filter(photo=free).update(study=study, **reserve, position=9)
    drop_stimulus(first[0], "blurred")
    shown = study.stimuli.filter(role=StimulusRole.MAIN).values_list("photo", flat=True)
    assert sorted(shown) == sorted({first[1].photo_id, free.pk, *(one.photo_id for one in second)})


def test_a_study_whose_ratings_would_be_unequal_is_not_opened_where_they_must_be() -> None:
    design = {"seed": 1, "people": 5, "stimuli": 4, "ratings": "exact"}
    with pytest.raises(LifecycleError, match="use 8 people"):
        open_study(make_study(design=design))


def test_a_study_whose_day_of_erasing_has_passed_is_not_opened() -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    study = make_study(panel={"erase_ids_on": yesterday})
    with pytest.raises(LifecycleError, match="erased before people are paid; name a day after"):
        open_study(study)


def test_the_states_follow_one_another() -> None:
    study = open_small_study()
    with pytest.raises(LifecycleError, match="is open and can't be opened"):
        open_study(study)
    assert pause_study(study).state == StudyState.PAUSED
    assert resume_study(study).state == StudyState.OPEN
    assert close_study(study).state == StudyState.CLOSED
    with pytest.raises(LifecycleError, match="is closed and can't be resumed"):
        resume_study(study)
    with pytest.raises(LifecycleError, match="is closed and can't be prepared"):
        start_preparing(study)


def test_a_marked_copy_has_its_own_seed_and_places_and_the_same_pictures() -> None:
    study = open_small_study()
    copy = marked_copy(study, StudyKind.SIMULATED, seed=9, people=6)
    assert (copy.kind, copy.copy_of, copy.state) == ("simulated", study, StudyState.OPEN)
    assert copy.slots.count() == 6
    assert copy.design_digest != study.design_digest
    overlays = Overlay.objects.filter(uses__stimulus__study=study)
    assert set(overlays) == set(Overlay.objects.filter(uses__stimulus__study=copy))
    assert study.slots.filter(is_open=True).count() == 4


def test_a_corrected_text_keeps_the_old_one_and_is_a_deviation() -> None:
    study = open_small_study()
    before = study.texts_digest
    new = correct_text(study, name="consent", markdown="Better words.", reason="typo")
    study.refresh_from_db()
    assert (new.version, current_texts(study)["consent"]) == (2, new)
    assert study.texts.filter(name="consent").count() == 2
    assert study.texts_digest != before
    assert Deviation.objects.get(study=study).detail == "consent: version 1 became 2: typo"


def test_the_same_text_again_is_no_correction() -> None:
    study = open_small_study()
    old = current_texts(study)["debrief"]
    assert correct_text(study, name="debrief", markdown=old.markdown, reason="") == old
    assert not Deviation.objects.exists()


def test_people_see_a_corrected_text_at_once() -> None:
    study = open_study(make_study())
    assert shown_texts(study)["debrief"].version == 1
    correct_text(study, name="debrief", markdown="# Another", reason="a slip")
    study.refresh_from_db()
    assert shown_texts(study)["debrief"].markdown == "# Another"
