"""Writes sections of RESULTS.md, each with the machine it was measured on."""

import os
import platform
import re
import shutil
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PICTURES = FOLDER.parent / "docs" / "pictures"
FILE = FOLDER / "RESULTS.md"
HEADING = """# Results

Written by the scripts in this folder (`make bench`); each section names the script, the machine and the day. Numbers
move by some ten percent from run to run and much more on a machine that is busy: compare within one section.
"""


def machine():
    """One line: day, processor, cores, memory, system, Python: the distribution's, optimised by profiles, or another, which may not be."""
    processor = platform.processor() or platform.machine()
    memory = 0
    try:
        cpu = Path("/proc/cpuinfo").read_text()
        processor = re.search(r"model name\s*: (.*)", cpu).group(1)
        flags = re.search(r"flags\s*: (.*)", cpu).group(1).split()
        processor += " (%s)" % next((f for f in ("avx512f", "avx2", "sse4_2") if f in flags), "no SIMD flag known")
        memory = int(re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text()).group(1)) / 2**20
    except (OSError, AttributeError):
        pass
    python = platform.python_version() + (" of the distribution" if sys.base_prefix == "/usr" else "")
    return "%s, %s, %d cores, %.0f GiB, %s %s, Python %s" % (
        date.today().isoformat(), processor, len(os.sched_getaffinity(0)), memory, platform.system(),
        platform.release().split("-")[0], python)


def revision():
    """The commit that was measured, where there is one; what benchmarks write makes no difference."""
    try:
        commit = git("describe", "--always")
        changes = git("status", "--porcelain", "--untracked-files=no", ":!Benchmarks/RESULTS.md", ":!docs/pictures")
        return commit + (", with uncommitted changes" if changes else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown revision"


def git(*arguments):
    command = ["git", "-C", str(FOLDER.parent), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def table(header, rows):
    """Markdown; the first column is text, the others are numbers."""
    lines = ["| " + " | ".join(header) + " |", "|---|" + "---:|" * (len(header) - 1)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def instructions(dump):
    """How many a dump of callgrind counts."""
    return int(re.search(r"^totals: (\d+)", dump.read_text(errors="replace"), re.MULTILINE)[1])


def take_pictures(folder, name):
    """Copies an experiment's pictures to those of the documentation, under its name; their new names."""
    taken = []
    for picture in sorted(folder.glob("*.png")):
        taken.append(f"{name}-{picture.name}")
        shutil.copy(picture, PICTURES / taken[-1])
    return taken


def busy_seconds():
    """Processor seconds that the whole machine has spent working since it started, and those of this process."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, interrupts, soft_interrupts = map(int, file.readline().split()[1:8])
    own = os.times()
    ticks = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + interrupts + soft_interrupts) / ticks, sum(own[:4])


class Section:
    """A section of RESULTS.md; made before the measurements, so that it can tell what else the machine did meanwhile."""

    def __init__(self, title):
        self.title = title
        self.begun = time.time()
        self.busy, self.own = busy_seconds()

    def others(self):
        """The share of the machine's processors that other processes took since the section was begun."""
        busy, own = busy_seconds()
        taken = (busy - self.busy) - (own - self.own)
        return max(0.0, taken / ((time.time() - self.begun) * os.cpu_count()))

    def is_busy(self):
        """Whether others took so much that times are too long to be judged."""
        return self.others() > 0.1

    def write(self, text, tells_load=True):
        """Puts the section in the place of the one with its title, or at the end, and prints it."""
        load = "; other processes took %.0f %% of the processors meanwhile." % (100 * self.others()) if tells_load else "."
        section = "## %s\n\n`%s`, %s. %s%s%s\n\n%s\n" % (
            self.title, Path(sys.argv[0]).name, revision(), machine(), load,
            " **A busy machine: these times are too long.**" if tells_load and self.is_busy() else "", text.strip())
        old = FILE.read_text() if FILE.exists() else HEADING
        parts = re.split(r"(?m)^(?=## )", old)
        places = [index for index, part in enumerate(parts) if part.startswith("## %s\n" % self.title)]
        if places:
            parts[places[0]] = section
        else:
            parts.append(section)
        FILE.write_text("\n".join(part.strip() + "\n" for part in parts))
        print(section)
