"""Prints the polynomial of Sources/Mathematics/LambertW.swift. Needs mpmath.

With p = sqrt(2 (1 + e x)), 1 + W0(x) = p (1 + p Q(p)): interpolation of Q at Chebyshev nodes on 0 <= p <= sqrt(2) in
60-digit arithmetic, coefficients rounded once to float64. The error shown is relative, in units of 2^-53.
"""
from mpmath import cos, e, lambertw, linspace, lu_solve, matrix, mp, mpf, pi, sqrt

mp.dps = 60
top = sqrt(mpf(2))
degree = 20


def q(p):
    return ((lambertw((p * p / 2 - 1) / e).real + 1) / p - 1) / p


nodes = [top / 2 + top / 2 * cos(pi * (2 * i + 1) / (2 * degree + 2)) for i in range(degree + 1)]
exact = lu_solve(matrix([[x**j for j in range(degree + 1)] for x in nodes]), matrix([q(x) for x in nodes]))
rounded = [mpf(float(c)) for c in exact]
worst = max(abs(p * p * (sum(c * p**j for j, c in enumerate(rounded)) - q(p)) / (p + p * p * q(p))) for p in linspace(top / 1000, top, 1000))
print("error", mp.nstr(worst * 2**53, 3))
for c in rounded:
    print("   ", repr(float(c)))
