"""Writes sections of RESULTS.md, each with the machine it was measured on."""

import os
import platform
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
FILE = FOLDER / "RESULTS.md"
HEADING = """# Results

Written by the scripts in this folder (`make bench`); each section names the script, the machine and the day. Numbers
move by some ten percent from run to run and much more on a machine that is busy: compare within one section.
"""


def machine():
    """One line: processor, cores, memory, system, Python, load."""
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
    return "%s, %s, %d cores, %.0f GiB, %s %s, Python %s, load average at the start %.1f" % (
        date.today().isoformat(), processor, len(os.sched_getaffinity(0)), memory, platform.system(),
        platform.release().split("-")[0], platform.python_version(), os.getloadavg()[0])


def revision():
    """The commit that was measured, where there is one."""
    command = ["git", "-C", str(FOLDER), "describe", "--always", "--dirty=, with uncommitted changes"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown revision"


def table(header, rows):
    """Markdown; the first column is text, the others are numbers."""
    lines = ["| " + " | ".join(header) + " |", "|---|" + "---:|" * (len(header) - 1)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def write_section(title, text, measured_on):
    """Puts the section in the place of the one with its title, or at the end, and prints it."""
    section = "## %s\n\n`%s`, %s. Measured on: %s.\n\n%s\n" % (
        title, Path(sys.argv[0]).name, revision(), measured_on, text.strip())
    old = FILE.read_text() if FILE.exists() else HEADING
    parts = re.split(r"(?m)^(?=## )", old)
    places = [index for index, part in enumerate(parts) if part.startswith("## %s\n" % title)]
    if places:
        parts[places[0]] = section
    else:
        parts.append(section)
    FILE.write_text("\n".join(part.strip() + "\n" for part in parts))
    print(section)
