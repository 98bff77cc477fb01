"""How long it takes from a wheel to the first trained model in a notebook, in an environment that was made for it.

    python Benchmarks/bench_first_model.py [--limit SECONDS] WHEEL

Packages that the wheel needs are fetched beforehand; pip installs them from a folder, without the network. It fails where the wheel's installation and
the notebook take longer than the limit, with what the notebook needs installed; on a busy machine seconds of processors are judged.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import results

NOTEBOOK = Path(__file__).resolve().parent.parent / "examples" / "notebooks" / "first-steps.ipynb"
ROUNDS = 3
JUPYTER = ["ipykernel", "nbclient"]
#: What the notebook uses up to there, and asks for.
EXTRAS = "plot"
WITH_ALL = "`pip install` of the wheel with numpy and matplotlib"
ALONE = "of the wheel alone, where those are there"
NOTEBOOK_RUN = "the notebook, up to the trained model"
#: Runs in that environment: the notebook's cells up to the one that has trained and scored a network, in a kernel as Jupyter starts it.
RUN = """
import sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
(trained,) = (number for number, cell in enumerate(notebook.cells) if cell.cell_type == "code" and "trainer.run(" in cell.source)
notebook.cells = notebook.cells[: trained + 1]
NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
print(*(output.text for output in notebook.cells[-1].outputs if output.output_type == "stream" and output.name == "stdout"))
"""
TEXT = """
The cells of `examples/notebooks/first-steps.ipynb` up to the one that has trained 5-120-3 on 5,000 samples, 30 epochs with validation,
and scored it; start of the kernel, imports and the pictures before included, with matplotlib's list of fonts made anew. Medians of %d
rounds, each in an environment of its own; packages lie in a folder, the network takes no part; unpacking and byte-compiling do.
"Processors" is what all processes were running, which others on the machine disturb less. It printed: %s.

%s
"""


def measured(command, **options):
    """Seconds by the clock and of processors, and what it printed."""
    begun, before = time.perf_counter(), os.times()
    output = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, **options).stdout.decode()
    after = os.times()
    return (time.perf_counter() - begun, after[2] + after[3] - before[2] - before[3]), output.strip()


def trial(wheel, packages):
    """Seconds, by the clock and of processors, of each step, and what the notebook printed last."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "environment" / "bin" / "python"
        install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-index", "--find-links", packages]
        steps = {}
        steps["an environment"], _ = measured([sys.executable, "-m", "venv", Path(folder) / "environment"])
        steps["Jupyter's kernel"], _ = measured([*install, *JUPYTER])
        steps[WITH_ALL], _ = measured([*install, f"{wheel}[{EXTRAS}]"])
        steps[ALONE], _ = measured([*install, "--no-deps", "--force-reinstall", wheel])
        environment = dict(os.environ, MPLCONFIGDIR=folder, IPYTHONDIR=folder)
        steps[NOTEBOOK_RUN], output = measured([python, "-c", RUN, NOTEBOOK], cwd=folder, env=environment)
    return steps, output


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--limit", type=float, default=15.0, help="seconds that the wheel's installation and the notebook may take")
    options = parser.parse_args()
    wheel = options.wheel.resolve(strict=True)
    section = results.Section("From a wheel to the first trained model in a notebook")
    with tempfile.TemporaryDirectory() as packages:
        fetch = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "-d", packages]
        measured([*fetch, *JUPYTER, f"{wheel}[{EXTRAS}]"])
        trials = [trial(wheel, packages) for _ in range(ROUNDS)]
    steps = {name: [statistics.median(values) for values in zip(*(each[name] for each, _ in trials))] for name in trials[0][0]}
    for name in (WITH_ALL, ALONE):
        steps[f"**{name}, and the notebook**"] = [a + b for a, b in zip(steps[name], steps[NOTEBOOK_RUN])]
    rows = [[name, *("%.1f" % value for value in values)] for name, values in steps.items()]
    section.write(TEXT % (ROUNDS, trials[0][1], results.table(["step", "seconds", "of processors"], rows)))
    by_clock, of_processors = (steps[WITH_ALL][own] + steps[NOTEBOOK_RUN][own] for own in range(2))
    judged = of_processors if section.is_busy() else by_clock
    if judged > options.limit:
        raise SystemExit("from the wheel to the first trained model: %.1f s, longer than %g s" % (judged, options.limit))


if __name__ == "__main__":
    main()
