"""The grammar and the exit codes of all commands."""

import inspect
import json
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
from messages import core_messages, python_messages
from running import GRAMMAR, LEAVES, QUICK, spinnprop

import spinnprop as sp
from spinnprop import _commands, _core
from spinnprop._commands import grammar, training_page
from spinnprop._commands import simulate as simulate_command


def test_version_and_help(capsys):
    assert spinnprop("--version").stdout.decode() == f"spinnprop {sp.__version__}\n"
    assert b"train" in spinnprop("--help").stdout
    assert b"default: 100" in spinnprop("train", "yin-yang", "--help").stdout
    assert b"default: None" not in spinnprop("train", "shd", "--help").stdout


@pytest.mark.parametrize(
    "arguments, said",
    [
        ([], "COMMAND"),
        (["nonsense"], "nonsense"),
        (["train"], "DATA"),
        (["train", "mnist"], "mnist"),
        (["train", "yin-yang", "--engine", "abacus"], "event"),
        (["train", "yin-yang", "--epochs", "0"], "positive"),
        (["train", "yin-yang", "--hidden", "x"], "positive"),
        (["reproduce", "eventprop-yin-yang", "--seeds", "-1"], "positive"),
        (["search", "yin-yang", "--objective", "energy"], "accuracy-energy"),
        (["search", "yin-yang", "--trials", "0"], "positive"),
        (["simulate", "sparse", "--n", "1000000000000"], "1000000000000 is too large; at most 2147483647"),
        (["simulate", "sparse", "--seconds", "nan"], "argument --seconds: 'nan' is not a number above 0"),
        (["train", "yin-yang", "--threads", "5000"], "argument --threads: 5000 is outside 0 .. 1024"),
        (["train", "yin-yang", "--threads", "5000000000"], "argument --threads: 5000000000 is outside 0 .. 1024"),
        (["train", "yin-yang", "--seed", "-1"], "argument --seed: -1 is outside 0 .. "),
        (["train", "yin-yang", "--learning-rate", "nan"], "'nan' is not a number above 0"),
        (["train", "yin-yang", "--learning-rate", "0"], "'0' is not a number above 0"),
    ],
)
def test_wrong_usage_exits_with_2(arguments, said, capsys):
    with pytest.raises(SystemExit) as caught:
        _commands.main(arguments)
    assert caught.value.code == 2 and said in capsys.readouterr().err


def test_failures_exit_with_1_and_one_line(capsys):
    assert _commands.main(["train", "yin-yang", *QUICK, "--out", "/dev/null/run"]) == 1
    shown = capsys.readouterr().err
    assert "/dev/null" in shown and shown.startswith("spinnprop: ") and shown.count("\n") == 1


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["train", "yin-yang", "--steps", "30"], "engine event has no time steps"),
        (["search", "yin-yang", "--steps", "30"], "engine event has no time steps"),
        (["search", "yin-yang", "--objective", "accuracy-energy"], "engine event does not estimate the energy"),
        (["simulate", "sparse", "--n", "100", "--k", "100"], "k is 100"),
        (["simulate", "sparse", "--tau", "1e200"], "tau is 1e+200"),
        (["spinnaker2", "fit", "784"], "give an input and at least one layer"),
        (["spinnaker2", "fit", "784x10"], "give them as 784-350-10"),
        (["spinnaker2", "fit", "784-10", "--chips", "49"], "chips is 49"),
        (["spinnaker2", "fit", "784-10", "--set", "hop_energy=x"], "give NAME=NUMBER"),
        (["spinnaker2", "constants", "--set", "hop=1"], "hop"),
    ],
)
def test_what_would_mean_nothing_is_refused(arguments, said, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert _commands.main(arguments) == 2
    shown = capsys.readouterr()
    assert said in shown.err and shown.err.count("\n") == 1 and shown.out == ""
    # Of a simulation the folder is made before the network.
    assert not [name for name in os.listdir(tmp_path) if name != "simulate"]


def test_messages_have_no_words_of_python(capsys, monkeypatch, tmp_path):
    def fill(options):
        np.empty(2**50)

    monkeypatch.setattr(simulate_command, "run", fill)
    assert _commands.main(["simulate", "sparse"]) == 1
    assert capsys.readouterr().err == "spinnprop: there is not enough memory for this; give smaller numbers\n"


@pytest.mark.parametrize("command", [["train"], ["search"]])
def test_ctrl_c_exits_with_130(tmp_path, command):
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "spinnprop", *command, "yin-yang", "--epochs", "1000000", "--out", "run"],
        cwd=str(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout.readline().startswith(b"Yin-Yang")
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate()
    finally:
        process.kill()
    assert process.returncode == 130 and b"Traceback" not in errors and b"interrupted" in errors


def test_a_closed_pipe_is_no_error():
    process = subprocess.Popen(
        [sys.executable, "-m", "spinnprop", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    errors = process.stderr.read()
    process.wait()
    process.stderr.close()
    assert b"Traceback" not in errors


def interrupted_at_import(tmp_path, start):
    """Runs Python where numpy's place is taken by a module that Ctrl-C comes in."""
    (tmp_path / "numpy.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nraise SystemExit('late')\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.path.dirname(os.path.dirname(sp.__file__))])}
    return subprocess.run(
        [sys.executable, *start], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=str(tmp_path)
    )


def test_ctrl_c_while_modules_are_imported_is_quiet(tmp_path):
    root = os.path.join(os.path.dirname(__file__), "..", "..", "..", "pyproject.toml")
    with open(root, encoding="utf-8") as file:
        module, function = re.search(r'^spinnprop = "([\w.]+):(\w+)"$', file.read(), re.M).groups()
    # What pip makes of that line.
    script = f"import sys; from {module} import {function}; sys.exit({function}())"
    for start in (["-m", "spinnprop", "--version"], ["-c", script, "--version"]):
        done = interrupted_at_import(tmp_path, start)
        assert (done.returncode, done.stdout, done.stderr) == (130, b"", b""), done


def test_no_two_commands_share_a_folder_unasked():
    folders = [parser.get_default("out") for _, parser in LEAVES if parser.get_default("out")]
    assert len(folders) == len(set(folders)) == 33


#: By which results do not differ, or by which somebody else's are gone on from.
OF_NO_RUN = {"help", "threads", "pictures", "out", "resume", "storage", "ray", "dask"}
SEARCH = ["--samples", "60", "--epochs", "1", "--trials", "1"]


@pytest.mark.usefixtures("unpainted")
@pytest.mark.parametrize(
    "command, file",
    [
        (["train", "yin-yang", *QUICK], "metrics.json"),
        (["train", "yin-yang", *QUICK, "--engine", "clock"], "metrics.json"),
        (["search", "yin-yang", *SEARCH], "best.json"),
        (["simulate", "sparse", "--n", "50", "--k", "5", "--seconds", "0.1"], "metrics.json"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_every_option_that_shapes_a_run_is_in_its_settings(command, file, tmp_path):
    assert _commands.main([*command, "--out", str(tmp_path)]) == 0
    (parser,) = [parser for words, parser in LEAVES if list(words) == command[:2]]
    settings = json.loads((tmp_path / file).read_text())["settings"]
    # Engines without time steps have no number of them.
    steps = {"steps"} if command[0] == "train" and "clock" not in command else set()
    assert {action.dest for action in parser._actions} - OF_NO_RUN - steps <= set(settings)
    if command[0] == "search":
        assert settings["jobs"] == _core.thread_count()


#: Numbers that hardly anything takes.
WRONG = ["x", "nan", "inf", "-1", "0", "1.5", "1e300", "99999999999999999999999", ""]
PYTHON = re.compile(r"\b(None|True|False|ndarray|kwargs|dtype|numpy|np|str|dict|TypeError|ValueError|Traceback|defect)\b|\b[a-z]+_[a-z_]+\b")


def unusable():
    for words, parser in LEAVES:
        for action in parser._actions:
            if action.type is not None and action.option_strings:
                for wrong in WRONG:
                    yield words, action.option_strings[0], wrong


#: Data sets share their options.
SINGLE = [words for words, _ in LEAVES if words[0] != "train" or words[1] == "yin-yang"]


@pytest.mark.parametrize("words", SINGLE, ids=" ".join)
def test_unusable_numbers_exit_with_2_and_no_words_of_python(words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # What takes longer than all else: making the grammar again, and drawing what is learnt where a number is taken.
    monkeypatch.setattr(_commands, "build_parser", lambda: GRAMMAR)
    monkeypatch.setattr(training_page, "write_pictures", lambda *given: {})
    monkeypatch.setattr(training_page, "write", lambda *given: None)
    small = {"train": ["--samples", "60", "--epochs", "1", "--hidden", "5"], "simulate": ["--n", "50", "--k", "5"]}
    needed = [*words, *(["5-6-3"] if words[-1] == "fit" else []), *small.get(words[0], [])]
    for own, option, wrong in unusable():
        # 0 is a seed, and a run of many seconds runs, or a search that gives each trial so many.
        is_asked_for = (
            (option in ("--seed", "--threads") and wrong == "0")
            or (option == "--seconds" and wrong in WRONG[6:8])
            or (option == "--timeout" and wrong in WRONG[5:8])
        )
        if own != words or is_asked_for:
            continue
        try:
            code = _commands.main([*needed, f"{option}={wrong}"])
        except SystemExit as exit:
            code = exit.code
        shown = capsys.readouterr().err
        if code == 0:
            assert wrong in ("0", "1.5") or option in ("--drive", "--refractory", "--t-end", "--duration"), (option, wrong)
            continue
        message = shown.strip().splitlines()[-1]
        assert code == 2, (option, wrong, message)
        assert not PYTHON.search(re.sub(r"'[^']*'", "", message)), message
        # Rate and coupling make the drive, which is what is out of its range.
        names = ("drive", "weight") if words[0] == "simulate" else ()
        assert message.startswith("spinnprop") and any(name in message for name in (option.rpartition("-")[2], *names)), message


def test_what_nobody_foresaw_is_one_line(capsys, monkeypatch):
    def fail(options):
        raise KeyError("lost")

    monkeypatch.setattr(simulate_command, "run", fail)
    assert _commands.main(["simulate", "sparse"]) == 1
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1 and "a defect of spinnprop" in shown and "Traceback" not in shown


def flags_of(words):
    return grammar.in_flags, _commands.build_parser().parse_args(words).grammar


@pytest.mark.parametrize(
    "said, told",
    [
        ("more than max_spikes = 3 spikes; a larger max_spikes allows it", "more than --max-spikes = 3 spikes; a larger --max-spikes allows it"),
        ("epoch 0, batch 0: give a finite t_end", "epoch 0, batch 0: give a finite --t-end"),
        ('use engine="event", or readout="leaky"', "use --engine event, or --readout leaky"),
        ("drive is 2.0; set drive to 0, a larger bump", "--drive is 2.0; set --drive to 0, a larger --bump"),
        ('use engine "clock" or another loss', "use --engine clock or another loss"),
        ("past the last; use more steps, or an engine of others", "past the last; use more --steps, or an engine of others"),
        ("use a smaller drive or fewer steps; raise drive or stop", "use a smaller --drive or fewer --steps; raise --drive or stop"),
        ("use epochs = 3 or fewer", "use --epochs 3 or fewer"),
        # Words of English, values, and what belongs to something else.
        ("the loss is 3; leave out what is masked", "the loss is 3; leave out what is masked"),
        ("train=['weights', 'tau_mem'] of net.delays", "train=['weights', 'tau_mem'] of net.delays"),
        ("bump_hidden_limit is 3", "bump_hidden_limit is 3"),
        ("use fewer delays, samples that last longer", "use fewer delays, samples that last longer"),
    ],
)
def test_what_the_library_says_of_parameters_is_said_of_flags(said, told):
    in_flags, parser = flags_of(["train", "yin-yang"])
    assert in_flags(said, parser) == told


@pytest.mark.parametrize("words", ["train yin-yang", "search yin-yang", "simulate sparse", "spinnaker2 fit 5-3", "brainscales2 fit 5-3"])
def test_no_message_of_the_library_names_a_flag_by_its_parameter(words):
    in_flags, parser = flags_of(words.split())
    names = {flag[2:].replace("-", "_") for action in parser._actions for flag in action.option_strings}
    long = [name for name in names if "_" in name]
    for message in (*python_messages(), *core_messages()):
        shown = in_flags(message, parser)
        assert not [name for name in long if re.search(rf"(?<![\w.'\"`]){name}(?!\w)", shown)], shown


@pytest.mark.usefixtures("unpainted")
def test_errors_and_warnings_of_a_training_speak_in_flags(capsys, tmp_path):
    names = set(inspect.signature(sp.SpikingClassifier).parameters) | set(inspect.signature(sp.Trainer).parameters)
    command = ["train", "yin-yang", "--samples", "60", "--hidden", "5", "--epochs", "1", "--out", str(tmp_path / "run")]
    for code, more, told in [
        (1, ["--max-spikes", "3"], "a larger --max-spikes allows it"),
        (1, ["--recurrent", "yes"], "give a finite --t-end"),
        (2, ["--loss", "VMaxCrossEntropy"], "give --readout leaky"),
        (2, ["--loss", "TTFSCrossEntropy", "--readout", "leaky"], "give --readout spiking"),
        (1, ["--engine", "spinnaker2", "--readout", "leaky"], "use --engine clock"),
        (2, ["--delay-init", "1e9", "0"], "--delay-init[0] is"),
        (2, ["--tau-syn", "1e9"], "--tau-mem / --tau-syn of neuron 0 is"),
        (0, ["--input-dropout", "0.999"], "warning: no hidden neuron spiked in the last epoch"),
        (0, ["--t-end", "1e-9"], "warning: no hidden neuron spiked in the last epoch"),
    ]:
        assert _commands.main([*command, *more]) == code, more
        said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("spinnprop: ")]
        assert len(said) == 1 and told in said[0], (more, said)
        assert not [name for name in names if "_" in name and re.search(rf"(?<!\w){name}(?!\w)", said[0])], said
