"""Writes ElementaryReference.swift: arguments, function values and what rounding those values lost. Needs mpmath.

`lambertWPlusOne` is 1 + W0((d - 1) / e) of the distance d.
"""
import random
import struct
from pathlib import Path

import mpmath
from mpmath import mp, mpf

mp.dps = 400  # covers the cancellation of 1 + x for any float64 x
random.seed(20211)


def nearby(x, count):
    """x and its neighbours."""
    bits = struct.unpack("<q", struct.pack("<d", x))[0]
    return [struct.unpack("<d", struct.pack("<q", bits + k))[0] for k in range(-count, count + 1)]


def log_uniform(low, high, count):
    return [2.0 ** random.uniform(low, high) for _ in range(count)]


def signed(values):
    return [random.choice([-1, 1]) * v for v in values]


arguments = {
    "exp": nearby(709.78271289338397, 2) + nearby(-708.39641853226408, 2) + nearby(0.34657359027997264, 2)
    + nearby(-0.34657359027997264, 2) + nearby(-744.44007192138126, 1) + [1.0, -1.0, 0.5, 700.0, -700.0, -740.0]
    + signed(log_uniform(-60, -2, 40)) + [random.uniform(-1, 1) for _ in range(80)]
    + [random.uniform(-708, 709) for _ in range(80)] + [random.uniform(-745, -708) for _ in range(20)],
    "expm1": nearby(709.78271289338397, 2) + nearby(0.34657359027997264, 2) + nearby(-0.34657359027997264, 2)
    + nearby(-37.42994775023705, 2) + nearby(2.0**-54, 2) + nearby(1.0397207708399179, 1) + [5e-324, 2.0**-1022, -1.0, 1.0]
    + signed(log_uniform(-1070, -60, 20)) + signed(log_uniform(-60, -2, 60))
    + [random.uniform(-2, 2) for _ in range(100)] + [random.uniform(-40, 709) for _ in range(40)],
    "log": nearby(1.0, 4) + nearby(0.7071067811865476, 2) + nearby(1.4142135623730951, 2) + nearby(2.0**-1022, 2)
    + [5e-324, 1.7976931348623157e308, 2.0, 10.0, 0.5, 2.718281828459045]
    + log_uniform(-1074, -1022, 30) + log_uniform(-1022, 1023.9, 80) + [random.uniform(0.5, 2) for _ in range(100)]
    + [1 + v for v in signed(log_uniform(-50, -3, 30))],
    "log1p": nearby(-1 + 2.0**-53, 0) + [-1 + 2.0**-k for k in (52, 40, 20, 10, 5)] + nearby(2.0**-53, 3) + nearby(-(2.0**-53), 3)
    + nearby(2.0**-54, 2) + nearby(0.41421356237309515, 2) + nearby(-0.2928932188134524, 2)
    + [5e-324, 2.0**-1022, 1.7976931348623157e308, 1.0, 9.0] + signed(log_uniform(-1070, -60, 20))
    + signed(log_uniform(-60, -2, 60)) + [random.uniform(-0.9999, 3) for _ in range(100)] + log_uniform(1, 1023, 40),
    "lambertWPlusOne": log_uniform(-1070, -4, 60) + log_uniform(-4, 0, 60) + [random.uniform(0, 1) for _ in range(100)],
}

functions = {
    "log1p": lambda x: mpmath.log(1 + x),
    "lambertWPlusOne": lambda x: 1 + mpmath.lambertw((x - 1) / mpmath.e).real,
}


def literal(x):
    """Swift warns of subnormal literals."""
    if abs(x) >= 2.0**-1022:
        return x.hex()
    return f"Double(bitPattern: {struct.unpack('<Q', struct.pack('<d', x))[0]:#018x})"


def row(name, x):
    value = functions.get(name, getattr(mpmath, name, None))(mpf(x))
    nearest = float(value)
    ulp = mpf(2) ** max(-1074, mpmath.floor(mpmath.log(abs(mpf(nearest)), 2)) - 52) if nearest else mpf(2) ** -1074
    return f"        {literal(x)}, {literal(nearest)}, {round(float((value - nearest) / ulp), 9)!r},"


lines = [
    "// Values of the elementary functions and of Lambert's W to 400 digits.",
    "// Written by Generators/elementary_reference.py; do not edit.",
    "",
    "/// Rows of three numbers: the argument, the value rounded to float64, and the part lost by that rounding in ulps.",
    "enum ElementaryReference {",
]
for name, xs in arguments.items():
    lines.append(f"    static let {name}: [Double] = [")
    lines += [row(name, x) for x in xs if x != 0 and (name[:3] != "exp" or x < 709.7827128933841)]
    lines.append("    ]")
lines.append("}")
Path(__file__).parent.parent.joinpath("ElementaryReference.swift").write_text("\n".join(lines) + "\n")
