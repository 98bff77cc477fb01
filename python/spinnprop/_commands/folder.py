"""The folder of a run's results: checked before the work begins; its files are those of one run."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from fnmatch import filter as matching
from typing import List, Tuple

from .._core import SpinnpropError
from .._files import save
from .._network import Network

#: What goes on with an interrupted run: a training, a search.
CHECKPOINT, TRIALS = "checkpoint", "trials.db"
MODEL = "model.safetensors"
#: That model in whole numbers.
EXPORTED = "network.nir"
#: Where a training goes unless told otherwise.
RUN = "run"
#: A page with all of it, of every command.
REPORT = "report.html"
_TABLES = ("spinnaker2-pes.csv", "spinnaker2-phases.csv", "spinnaker2-programs.csv")

#: How pictures may end.
PICTURES = ("png", "svg", "pdf")


def _pictures(*names: str) -> Tuple[str, ...]:
    return tuple(f"{name}.{end}" for name in names for end in PICTURES)


def _runs(*starts: str) -> Tuple[str, ...]:
    """The files of runs that are done, half written, or were interrupted."""
    return tuple(f"{start}-epochs.{end}" for start in starts for end in ("json", "json.part", CHECKPOINT))


#: Settings of `spinnprop reproduce` that train several networks for comparison, and what they write besides.
COMPARED = ("fast-and-deep-yin-yang", "delgrad-yin-yang", "eventprop-delays-yin-yang")
#: Those of local learning.
LOCAL = ("biograd-digits", "biograd-mnist5k", "biograd-mnist", "biograd-nmnist")
#: Those on an emulated BrainScaleS-2, and their pictures.
BRAINSCALES2 = ("homeostasis", "path-integration", "pong", "sampling", "structural-plasticity", "yin-yang", "robustness", "digits")
_TABLE_OF_RUNS = ("metrics.json", REPORT, *_pictures("error_by_hidden", "error_by_parameters", "validation_error"))

#: What each command writes to its folder; * stands for anything.
FILES = {
    "train": (
        "metrics.json",
        "metrics.csv",
        MODEL,
        EXPORTED,
        CHECKPOINT,
        "spinnaker2.json",
        REPORT,
        *_TABLES,
        *_pictures("learning_curve", "confusion_matrix", "decision_map", "raster", "membrane"),
        *_pictures("spinnaker2_program", "spinnaker2_load", "spinnaker2_memory", "spinnaker2_traffic"),
    ),
    "search": (TRIALS, f"{TRIALS}-journal", "trials.csv", "best.json", MODEL, REPORT, *_pictures("history", "pareto")),
    "simulate": ("metrics.json", "rates.npy", REPORT, *_pictures("raster")),
    "reproduce eventprop-yin-yang": (*_runs("seed-*"), REPORT),
    "reproduce spinnaker2-yin-yang": (*_runs("clock-seed-*", "spinnaker2-seed-*"), REPORT),
    "reproduce learning-rules-on-chip": (
        *_runs("eventprop-seed-*", "biograd-seed-*", "traces-seed-*"),
        "metrics.json",
        REPORT,
        *_pictures("accuracy_over_energy"),
    ),
    **{f"reproduce {setting}": (*_runs(f"{setting}-*"), *_TABLE_OF_RUNS) for setting in COMPARED},
    **{f"reproduce {setting}": (*_runs(f"{setting}-*"), "metrics.json", REPORT, *_pictures("accuracy", "angle", "cosine")) for setting in LOCAL},
    **{
        f"reproduce brainscales2-{setting}": (
            *(f"brainscales2-{setting}-*.{end}" for end in ("json", "json.part")),
            "metrics.json",
            REPORT,
            *_pictures(setting),
        )
        for setting in BRAINSCALES2
    },
    "reproduce biograd-choices": (*_runs("biograd-choices-*"), "metrics.json", "choices.md", REPORT),
}


def check(folder: str) -> None:
    """Makes the folder and writes to it, so that no work is done whose results cannot be kept.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * 4096)
            file.flush()
    except OSError as error:
        raise OSError(f"{folder} cannot be written: {error.strerror}; give another folder by --out") from None


def begin(folder: str, command: str) -> None:
    """Checks a folder as `check` does, and refuses one with the results of another command.

    Raises
    ------
    OSError
        If it cannot be written, or there are files that another command wrote: they would lie among those of this one.
    """
    check(folder)
    own = _found(folder, command)
    others = {other: [name for name in _found(folder, other) if name not in own] for other in FILES}
    # Some names are several commands'; so it was the one that has most of them.
    other, strange = max(others.items(), key=lambda each: len(each[1]))
    if strange:
        raise FileExistsError(
            f"{folder} holds {strange[0]} of an earlier `spinnprop {other}`; give another folder by --out"
        )


def clear(folder: str, command: str, but: Tuple[str, ...] = ()) -> None:
    """Removes what an earlier run of the command left, and nothing else; `but`: no file of these names, in which * stands for anything."""
    for name in _found(folder, command):
        if not any(matching([name], pattern) for pattern in but):
            os.remove(os.path.join(folder, name))


def save_model(network: Network, folder: str) -> None:
    """Writes the model; where else it can if the folder cannot be written any more.

    Raises
    ------
    OSError
        If it lies elsewhere; the message says where.
    """
    try:
        save(network, os.path.join(folder, MODEL))
    except (OSError, SpinnpropError) as error:
        for other in (os.getcwd(), tempfile.gettempdir()):
            path = os.path.join(other, f"spinnprop-model-{os.getpid()}.safetensors")
            try:
                save(network, path)
            except (OSError, SpinnpropError):
                continue
            raise OSError(f"{folder} cannot be written any more, so the model is in {path}") from error
        print(f"spinnprop: the model could be written nowhere, neither in {folder} nor elsewhere", file=sys.stderr)
        raise


def digest_of_model(folder: str) -> str:
    """A digest of the model's bytes in the folder: files with the same digest are of the same run."""
    with open(os.path.join(folder, MODEL), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def _found(folder: str, command: str) -> List[str]:
    """The files in the folder that have names which the command gives, and parts of such that a killed run has left."""
    files = [name for name in os.listdir(folder) if os.path.isfile(os.path.join(folder, name))]
    patterns = [each for pattern in FILES[command] for each in (pattern, f"{pattern}.*-*.part")]
    return sorted({name for pattern in patterns for name in matching(files, pattern)})
