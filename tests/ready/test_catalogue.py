"""Making and measuring ready studies by name."""

import fcntl
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from explainer.training.scores import Score
from ready import catalogue
from ready.__main__ import main
from ready.catalogue import READY, Ready
from ready.errors import MakingError
from ready.measures import APART, Measured, difference, share, table


def test_every_ready_study_is_listed_with_its_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(READY)


def test_listing_them_loads_no_pytorch() -> None:
    code = (
        "import sys; from ready.__main__ import main; main(['list']); print('torch' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[len(READY) :] == ["False"]


def test_a_name_that_is_unknown_is_told_with_those_that_are_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["make", "nothing"]) == 1
    assert f"no ready study nothing; there are {', '.join(READY)}." in capsys.readouterr().err


def test_a_package_that_is_missing_is_named_with_the_way_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCERN_VAR", str(tmp_path))
    monkeypatch.setitem(READY, "maze", Ready("ready_maze_of_nowhere", 1))
    with pytest.raises(
        MakingError, match="without the Python module ready_maze_of_nowhere"
    ) as told:
        catalogue.make("maze")
    assert "requirements/demo.lock" in str(told.value)


def test_two_processes_make_nothing_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread stands for the other process: the lock belongs to an open file."""
    monkeypatch.setenv("DISCERN_VAR", str(tmp_path))
    (tmp_path / "maze_of_a_moment.py").write_text("def make(folder): folder.mkdir()")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(READY, "maze", Ready("maze_of_a_moment", 1))
    folder = catalogue.folder_of("maze")
    folder.parent.mkdir()
    with catalogue.folder_of(".making.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = Thread(target=catalogue.make, args=["maze"])
        second.start()
        second.join(timeout=1)
        assert second.is_alive()
        assert not folder.exists()
    second.join(timeout=60)
    assert folder.exists()


def test_what_was_not_made_is_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISCERN_VAR", str(tmp_path))
    assert main(["check", "transformers"]) == 1
    assert "run `python -m ready make transformers` first" in capsys.readouterr().err


def test_a_control_is_beaten_only_by_intervals_that_are_apart() -> None:
    network = Score("accuracy", 0.9, 0.8, 0.95, 30)
    controls = {
        "position only": Score("accuracy", 0.5, 0.4, 0.6, 30),
        "question only": Score("accuracy", 0.7, 0.6, 0.81, 30),
    }
    measured = Measured("right", network, controls)
    assert measured.not_beaten == ["question only"]
    assert "| – position only | 50.0% | 40.0% to 60.0% | 30 |" in table([measured])


def test_cases_of_one_group_widen_the_interval_of_a_share() -> None:
    right = [True, True, True, False, False, False] * 10
    apart = share(right, [str(number) for number in range(60)])
    together = share(right, [str(number // 3) for number in range(60)])
    assert apart.value == together.value == 0.5
    assert together.high - together.low > apart.high - apart.low


def test_what_is_measured_says_what_was_asked_of_it_and_does_not_hold() -> None:
    score = Score("difference", 0.1, -0.02, 0.2, 30)
    assert Measured("a minus b", score).faults == []
    assert Measured("a minus b", score, includes=0).faults == []
    (fault,) = Measured("a minus b", score, APART).faults
    assert fault == "a minus b does not lie above no difference"
    (fault,) = Measured("told apart", score, includes=0.5).faults
    assert fault == "the interval of told apart does not include 50%"


def test_a_difference_is_taken_case_by_case() -> None:
    groups = [str(number) for number in range(40)]
    hard = [number / 40 for number in range(40)]  # cases differ much, the two little
    easier = [one + 0.1 + 0.01 * (-1) ** number for number, one in enumerate(hard)]
    found = difference(easier, hard, groups)
    assert found.value == pytest.approx(0.1)
    assert found.low == pytest.approx(0.1, abs=0.005)
    assert difference(hard, easier, groups).high < 0
