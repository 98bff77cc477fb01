"""What tests of the commands share: a quick training, and commands in a process of their own."""

import subprocess
import sys

QUICK = ["--samples", "300", "--epochs", "2", "--hidden", "20"]


def spinnprop(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "spinnprop", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )
