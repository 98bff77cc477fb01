"""Prints the polynomial coefficients of Sources/Mathematics/Elementary.swift.

Interpolation at Chebyshev nodes in 60-digit arithmetic, each coefficient rounded once to float64; the error shown is
that of the rounded polynomial, in units of 2^-53 of the function it serves. Needs mpmath.
"""
from mpmath import cos, exp, linspace, log, lu_solve, matrix, mp, mpf, pi, sqrt

mp.dps = 60


def interpolate(function, low, high, degree):
    nodes = [(low + high) / 2 + (high - low) / 2 * cos(pi * (2 * i + 1) / (2 * degree + 2)) for i in range(degree + 1)]
    return list(lu_solve(matrix([[x**j for j in range(degree + 1)] for x in nodes]), matrix([function(x) for x in nodes])))


def show(name, coefficients, reference, served, low, high):
    rounded = [mpf(float(c)) for c in coefficients]
    worst = max(abs(served(x, sum(c * x**j for j, c in enumerate(rounded)) - reference(x))) for x in linspace(low, high, 2001))
    print(name, "error", mp.nstr(worst * 2**53, 3))
    for c in rounded:
        print("   ", repr(float(c)))


# e^r = 1 + r + r^2 (1/2 + r Q(r)), |r| <= ln 2 / 2
def q(r):
    return sum(r**j / mp.factorial(j + 3) for j in range(40))


edge = log(2) / 2 * (1 + mpf(2) ** -40)
show("exp", interpolate(q, -edge, edge, 9), q, lambda r, e: r**3 * e / exp(r), -edge, edge)


# log(1 + f) = 2 s + s z P(z), s = f / (2 + f), z = s^2, sqrt(1/2) <= 1 + f <= sqrt(2)
def p(z):
    return sum(2 * z**j / (2 * j + 3) for j in range(60))


top = ((sqrt(2) - 1) / (sqrt(2) + 1)) ** 2 * (1 + mpf(2) ** -40)
show("log", interpolate(p, mpf(0), top, 6), p, lambda z, e: z * e / 2, mpf(0), top)

# ln 2 in two parts: the first short enough (32 bits) that k times it is exact for |k| < 2^20
high = mp.floor(log(2) * 2**32) / 2**32
print("ln 2", repr(float(high)), repr(float(log(2) - high)), "1 / ln 2", repr(float(1 / log(2))))
