"""The folders that commands write to."""

import os
import re
import shutil
import tempfile

import pytest
from running import LEAVES, QUICK

import spinnprop as sp
from spinnprop import _commands
from spinnprop._commands import folder as command_folder

#: Those that write to a folder, with so much to do that a test would not see the end of it.
WRITING = [(words, parser) for words, parser in LEAVES if parser.get_default("out")]
LONG = {"--epochs": "1000000", "--seconds": "1e6"}


@pytest.mark.parametrize("words, parser", WRITING, ids=[" ".join(words) for words, _ in WRITING])
@pytest.mark.parametrize("folder", ["file/run", "/proc/run", "file"])
def test_a_folder_that_cannot_be_written_is_told_before_the_work(words, parser, folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    flags = {flag for action in parser._actions for flag in action.option_strings}
    long = [part for flag, number in LONG.items() if flag in flags for part in (flag, number)]
    data = ["--data", str(tmp_path)] if "--data" in flags else []
    assert _commands.main([*words, *long, *data, "--out", folder]) == 1
    shown = capsys.readouterr()
    assert f"{folder} cannot be written" in shown.err and "--out" in shown.err and shown.err.count("\n") == 1
    assert shown.out == ""


@pytest.mark.parametrize("spoil", ["folder", "current"])
def test_a_model_that_cannot_be_written_is_written_elsewhere(spoil, tmp_path, capsys, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "other"))
    # The folder goes while the network is trained.
    judge, out = command_folder.clear, tmp_path / "run"

    def lose(folder, *rest, **more):
        judge(folder, *rest, **more)
        shutil.rmtree(out)
        if spoil == "current":
            os.mkdir(os.path.join(os.getcwd(), f"spinnprop-model-{os.getpid()}.safetensors"))

    monkeypatch.setattr(command_folder, "clear", lose)
    assert _commands.main(["train", "yin-yang", *QUICK, "--out", str(out)]) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    path = re.search(r"cannot be written any more, so the model is in (.*)$", line)[1]
    assert os.path.dirname(path) == str(tmp_path / ("here" if spoil == "folder" else "other"))
    assert sp.load(path).layer_sizes == (5, 20, 3)


@pytest.mark.usefixtures("unpainted")
def test_the_files_of_a_folder_are_of_one_run(tmp_path, capsys):
    out, command = str(tmp_path), ["train", "yin-yang", *QUICK, "--out", str(tmp_path)]
    (tmp_path / "mine.txt").write_text("stays")
    assert _commands.main([*command, "--engine", "spinnaker2"]) == 0
    assert _commands.main(["spinnaker2", "account", out]) == 0
    account = (tmp_path / "spinnaker2.json").read_bytes()
    assert _commands.main(command) == 0
    assert not [name for name in os.listdir(out) if name.startswith("spinnaker2")] and (tmp_path / "mine.txt").exists()
    assert _commands.main(["spinnaker2", "account", out]) == 1
    # What somebody has put beside another run is not taken for its account.
    (tmp_path / "spinnaker2.json").write_bytes(account)
    capsys.readouterr()
    assert _commands.main(["spinnaker2", "account", out]) == 1
    assert "not of the same run" in capsys.readouterr().err
    for other in (["simulate", "sparse", "--n", "100", "--k", "5"], ["search", "yin-yang"]):
        assert _commands.main([*other, "--out", out]) == 1
        assert "of an earlier `spinnprop train`" in capsys.readouterr().err
