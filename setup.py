"""Builds the library from its Swift sources and the extension module that links it."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = os.path.dirname(os.path.abspath(__file__))
#: From this version on, one extension serves all later ones.
LIMITED_API = (3, 11)
USES_LIMITED_API = sys.version_info >= LIMITED_API and not sysconfig.get_config_var("Py_GIL_DISABLED")


def version():
    """The version that spinnprop.h declares."""
    with open(os.path.join(ROOT, "include", "spinnprop.h"), encoding="utf-8") as header:
        return re.search(r'#define SPINNPROP_VERSION "([^"]+)"', header.read()).group(1)


def build_library():
    """Builds libspinnprop.so, for any processor and for newer ones; returns the folder that holds both."""
    if shutil.which("swift") is None:
        raise SystemExit(
            "spinnprop is built from Swift sources, but there is no `swift` on the PATH: install Swift 6.3 or newer "
            "from https://www.swift.org/install/linux and put its usr/bin on the PATH"
        )
    script = os.path.join(ROOT, "scripts", "build-library.sh")
    try:
        output = subprocess.run(["sh", script], check=True, stdout=subprocess.PIPE, cwd=ROOT).stdout
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"building libspinnprop.so failed with exit code {error.returncode}; see above") from error
    return output.decode().splitlines()[-1]


class BuildExtension(build_ext):
    """Puts libspinnprop.so beside the extension module, and in a folder there the one for newer processors."""

    def run(self):
        if self.extensions:
            self.require_python_headers()
            self.library = build_library()
            for extension in self.extensions:
                extension.library_dirs.append(self.library)
        super().run()
        for extension in self.extensions:
            # With `--inplace` and editable installs this is the source folder.
            package = os.path.dirname(os.path.abspath(self.get_ext_fullpath(extension.name)))
            # An earlier build may have left a library for newer processors, which the dynamic linker would take in place of this one.
            shutil.rmtree(os.path.join(package, "glibc-hwcaps"), ignore_errors=True)
            for folder, _, names in os.walk(self.library):
                target = os.path.join(package, os.path.relpath(folder, self.library))
                os.makedirs(target, exist_ok=True)
                for name in names:
                    shutil.copy2(os.path.join(folder, name), os.path.join(target, name))

    def build_extensions(self):
        # Interpreters built with a path of their own pass it on to every extension; only $ORIGIN is wanted.
        self.compiler.linker_so = [part for part in self.compiler.linker_so if not part.startswith("-Wl,-rpath")]
        super().build_extensions()

    @staticmethod
    def require_python_headers():
        include = sysconfig.get_paths()["include"]
        if not os.path.exists(os.path.join(include, "Python.h")):
            raise SystemExit(
                f"Python's headers are missing ({include}/Python.h): apt-get install python3-dev libpython3-dev"
            )


def extension():
    folder = os.path.join("python", "extension")
    files = sorted(os.listdir(os.path.join(ROOT, folder)))
    return Extension(
        "spinnprop._core",
        sources=[os.path.join(folder, name) for name in files if name.endswith(".c")],
        depends=[os.path.join(folder, "core.h"), os.path.join("include", "spinnprop.h")],
        include_dirs=["include"],
        define_macros=[("Py_LIMITED_API", "0x030B0000")] if USES_LIMITED_API else [],
        libraries=["spinnprop"],
        extra_compile_args=["-std=c11", "-g0", "-Wall", "-Wextra", "-fvisibility=hidden"],
        extra_link_args=["-Wl,-rpath,$ORIGIN", "-Wl,--no-as-needed", "-lc"],
        py_limited_api=USES_LIMITED_API,
    )


setup(
    version=version(),
    license="Apache-2.0",
    ext_modules=[extension()],
    cmdclass={"build_ext": BuildExtension},
    options={"bdist_wheel": {"py_limited_api": "cp%d%d" % LIMITED_API}} if USES_LIMITED_API else {},
)
