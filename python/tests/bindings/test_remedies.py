"""Every remedy that a message names works: each is provoked, then followed."""

import contextlib
import io
import os
import re

import pytest
from messages import REMEDY, core_messages, python_messages, with_remedy
from painting import unpainted
from remedies import ELSEWHERE, REMEDIES, studies

from spinnprop import _commands


def commands(tmp_path):
    """Arguments that are refused, and as the message wants them."""
    (tmp_path / "file").write_text("")
    train = ["train", "yin-yang", "--samples", "60", "--epochs", "1", "--hidden", "5", "--out"]
    simulate = ["simulate", "sparse", "--n", "50", "--k", "5", "--seconds", "0.1", "--out"]
    ran, other, part, chip_run = (str(tmp_path / name) for name in ("ran", "other", "part", "chip"))
    search = ["search", "yin-yang", "--trials", "1", "--epochs", "1", "--samples", "60", "--out", str(tmp_path / "search")]
    reproduce = ["reproduce", "eventprop-yin-yang", "--seeds", "1", "--epochs", "1", "--out"]
    assert _commands.main([*train, ran]) == 0
    os.makedirs(os.path.join(part, "seed-0-1-epochs.json"))
    constant = ["spinnaker2", "constants", "--set"]
    sigmoid = ["--delays", "axonal", "--delay-parameter", "sigmoid", "--delay-learning-rate", "0.1"]
    rows = [
        ([*train, str(tmp_path / "file")], [[*train, other]]),
        ([*simulate, ran], [[*simulate, str(tmp_path / "simulated")]]),
        ([*reproduce, part], [[*reproduce, str(tmp_path / "reproduced")]]),
        (
            [*train, other, "--delays", "axonal", "none", "none"],
            [[*train, other, "--delays", "axonal"], [*train, other, "--delays", "axonal", "none"]],
        ),
        ([*train, other, "--delay-init", "0", "1e-3"], [[*train, other, "--delay-init", "0", "1e-3", "--delays", "axonal"]]),
        ([*train, other, *sigmoid], [[*train, other, *sigmoid, "--delay-init", "0", "0.25"]]),
        ([*train, other, "--steps", "30"], [[*train, other], [*train, other, "--steps", "30", "--engine", "clock"]]),
        *(
            ([*train, other, "--engine", engine, *flag], [[*train, other, "--engine", engine]])
            for engine, flag in (("clock", ["--drive", "0.1"]), ("first-spike", ["--refractory", "1e-3"]), ("clock", ["--train", "tau_mem"]))
        ),
        (
            [*train, other, "--engine", "clock", "--t-end", "0.1"],
            [[*train, other, "--engine", "clock"], [*train, other, "--engine", "clock", "--steps", "100"]],
        ),
        (
            [*train, other, "--tau-mem", "0.02", "0.02", "0.02", "0.02"],
            [[*train, other, "--tau-mem", *taus] for taus in (["0.02"], ["0.02", "0.01"])],
        ),
        (
            [*train, other, "--loss", "VIntegralCrossEntropy"],
            [[*train, other, "--readout", "leaky", "--loss", "VIntegralCrossEntropy", "--t-end", "0.1"]],
        ),
        ([*train, other, "--loss", "VMaxCrossEntropy"], [[*train, other, "--loss", "VMaxCrossEntropy", "--readout", "leaky"]]),
        ([*train, other, "--drive", "1"], [[*train, other, "--drive", "1", "--t-end", "0.1"], [*train, other, "--drive", "0.9"]]),
        (
            [*train, other, "--delays", "axonal", "--train", "weights", "delays"],
            [
                [*train, other, "--delays", "axonal", "--train", "weights", "delays", "--delay-learning-rate", "1e-4"],
                [*train, other, "--delays", "axonal", "--train", "weights"],
            ],
        ),
        (
            [*search, "--objective", "accuracy-energy"],
            [[*search, "--objective", "accuracy-energy", "--engine", engine] for engine in ("clock", "spinnaker2")],
        ),
        (["spinnaker2", "fit", "784x10"], [["spinnaker2", "fit", "784-350-10"]]),
        ([*constant, "hop_energy"], [[*constant, "hop_energy=1e-12"]]),
        ([*constant, "clock_hz=2e8", "--set", "high_clock=2e8"], [[*constant, "clock_hz=2e8"], [*constant, "high_clock=2e8"]]),
        (["brainscales2", "fit", "many"], [["brainscales2", "fit", "25-120-3"]]),
        (
            ["spinnaker2", "account", str(tmp_path)],
            [[*train, chip_run, "--engine", "spinnaker2"], ["spinnaker2", "account", chip_run]],
        ),
    ]
    for wrong, right in rows:
        yield wrong, right
    os.replace(os.path.join(ran, "model.safetensors"), os.path.join(chip_run, "model.safetensors"))
    again = str(tmp_path / "again")
    yield (
        ["spinnaker2", "account", chip_run],
        [[*train, again, "--engine", "spinnaker2"], ["spinnaker2", "account", again]],
    )


def said(wrong):
    with pytest.raises(Exception) as caught:
        wrong()
    return str(caught.value)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("wrong, right", REMEDIES, ids=range(len(REMEDIES)))
def test_remedies_work(wrong, right):
    message = said(wrong)
    assert REMEDY.search(message) and "\n" not in message, message
    right()


def test_remedies_of_a_study_work(tmp_path):
    wrong, right = studies(tmp_path)
    assert "take another name or storage" in said(wrong)
    right()


@pytest.fixture(scope="module")
def said_by_commands(tmp_path_factory):
    """The messages of commands, each followed."""
    messages = []
    with unpainted():
        for wrong, right in commands(tmp_path_factory.mktemp("commands")):
            with contextlib.redirect_stderr(io.StringIO()) as shown:
                assert _commands.main(wrong) in (1, 2), wrong
            messages.append(shown.getvalue())
            assert [_commands.main(each) for each in right] == [0] * len(right), wrong
    return messages


def test_remedies_of_commands_work(said_by_commands):
    for message in said_by_commands:
        assert REMEDY.search(message) and message.count("\n") == 1, message


def test_every_remedy_is_tried(tmp_path, said_by_commands):
    messages = [said(wrong) for wrong, _ in REMEDIES] + [said(studies(tmp_path)[0])] + said_by_commands
    patterns = with_remedy([*python_messages(), *core_messages()])
    untried = {
        pattern.pattern
        for pattern in patterns
        if not any(map(pattern.search, messages)) and not any(re.search(known, pattern.pattern.replace("\\", "")) for known in ELSEWHERE)
    }
    assert not untried, "\n".join(sorted(untried))


def test_a_new_remedy_is_seen():
    assert with_remedy(["width is \0; give a larger one", "the file is damaged", "it has \0 rows, so leave it open"]) == {
        re.compile(r"width\ is\ .*;\ give\ a\ larger\ one"),
        re.compile(r"it\ has\ .*\ rows,\ so\ leave\ it\ open"),
    }
    assert len(with_remedy(python_messages())) > 30 and len(with_remedy(core_messages())) > 50
