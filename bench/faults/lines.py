"""Studies that a worker prepares while it, the broker and the database are killed."""

from collections.abc import Iterator
from pathlib import Path

from django.db import close_old_connections

from sandbox.small_line import make_line
from studyapp.models import Prediction, Study, Work, WorkQuerySet
from studyapp.studies.lifecycle import start_preparing
from studyapp.studies.preparation.advance import study_predictions, study_work
from studyapp.studies.preparation.progress import progress

from .stack import wait_for


class Lines:
    """Small studies with photos of their own, begun one after the other."""

    def __init__(self, folder: Path, count: int, photos: int) -> None:
        self.studies = [
            make_line(
                folder / f"line-{number}",
                slug=f"line-{number}",
                photos=photos,
                stimuli=photos * 2 // 3,
                first=number * photos,
            )
            for number in range(count)
        ]
        self.begun: list[Study] = []
        # Where a bucket was away, its operator has to prepare again what that has stopped.
        self.is_taken_up_by_hand = False

    def begin_next(self) -> None:
        """Have the next one prepared; back when something of it is ready and something is not."""
        if len(self.begun) == len(self.studies):
            return
        close_old_connections()
        study = start_preparing(self.studies[len(self.begun)])
        self.begun.append(study)
        wait_for(lambda: ready(study_predictions(study)))

    def are_prepared(self) -> bool:
        """Whether the workers come to the end of all of them by themselves, within ten minutes."""
        close_old_connections()
        try:
            wait_for(self._are_finished, seconds=600)
        except TimeoutError:
            return False
        return all(progress(one).prepared for one in self.begun)

    def _are_finished(self) -> bool:
        if self.is_taken_up_by_hand:
            for study in Study.objects.filter(pk__in=[one.pk for one in self.begun]):
                if study.problem:
                    start_preparing(study)
        return all(progress(one).finished for one in self.begun)

    def rows(self) -> Iterator[WorkQuerySet[Work]]:
        for study in self.begun:
            yield from study_work(study)


def ready(rows: WorkQuerySet[Prediction]) -> bool:
    return rows.ready().exists()
