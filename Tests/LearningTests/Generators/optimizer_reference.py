"""Writes OptimizerReference.swift: the optimisers as torch documents them, restated in plain Python.

Run: python3 Tests/LearningTests/Generators/optimizer_reference.py > Tests/LearningTests/OptimizerReference.swift
"""
import math

START = [0.5, -1.25, 2.0, 0.0]
STEPS = 4


def gradient(step, index):
    """A fixed sequence of exact binary fractions of both signs."""
    return ((7 * index + 3 * step) % 11 - 5) / 4


def clip(gradients, value, norm):
    gradients = [max(-value, min(value, g)) for g in gradients]
    length = math.sqrt(sum(g * g for g in gradients))
    return [g * norm / length for g in gradients] if length > norm else gradients


def run(kind, lr, momentum=0.0, b1=0.9, b2=0.999, eps=1e-8, decay=0.0, value=math.inf, norm=math.inf):
    p = list(START)
    buffer = [None] * len(p)
    m, v = [0.0] * len(p), [0.0] * len(p)
    for step in range(1, STEPS + 1):
        g = clip([gradient(step, i) for i in range(len(p))], value, norm)
        for i in range(len(p)):
            if kind == "adamW":
                p[i] = p[i] - lr * decay * p[i]
            else:
                g[i] = g[i] + decay * p[i]
            if kind == "sgd":
                buffer[i] = g[i] if buffer[i] is None else momentum * buffer[i] + g[i]
                p[i] = p[i] - lr * buffer[i]
            else:
                m[i] = b1 * m[i] + (1 - b1) * g[i]
                v[i] = b2 * v[i] + (1 - b2) * g[i] ** 2
                m_hat = m[i] / (1 - b1 ** step)
                v_hat = v[i] / (1 - b2 ** step)
                p[i] = p[i] - lr * m_hat / (math.sqrt(v_hat) + eps)
    return p


CASES = [
    ("sgd", dict(lr=0.1)),
    ("sgd", dict(lr=0.1, momentum=0.9)),
    ("sgd", dict(lr=0.05, momentum=0.5, decay=0.2)),
    ("adam", dict(lr=0.01)),
    ("adam", dict(lr=0.2, b1=0.8, b2=0.95, eps=1e-3)),
    ("adam", dict(lr=0.02, decay=0.3)),
    ("adamW", dict(lr=0.02, decay=0.3)),
    ("adamW", dict(lr=0.3, b1=0.5, b2=0.6, decay=0.01)),
    ("sgd", dict(lr=0.1, value=0.5)),
    ("sgd", dict(lr=0.1, norm=1.0)),
    ("sgd", dict(lr=0.1, value=0.75, norm=0.9)),
]
NAMES = dict(lr="learningRate", b1="beta1", b2="beta2", eps="epsilon", decay="weightDecay", value="clipValue", norm="clipNorm")

print("// Written by Generators/optimizer_reference.py: parameters after four steps of each optimiser.")
print("// swift-format-ignore-file")
print("@testable import Learning\n")
print("enum OptimizerReference {")
print(f"    static let start: [Double] = {START}")
print(f"    static let stepCount = {STEPS}\n")
print("    /// The gradient of parameter `index` at a step counted from 1.")
print("    static func gradient(step: Int, index: Int) -> Double { Double((7 * index + 3 * step) % 11 - 5) / 4 }\n")
print("    static let cases: [(set: @Sendable (inout OptimizerOptions) -> Void, end: [Double])] = [")
for kind, options in CASES:
    sets = "; ".join([f"$0.kind = .{kind}"] + [f"$0.{NAMES.get(k, k)} = {v}" for k, v in options.items()])
    print(f"        (\n            {{ {sets} }},\n            {run(kind, **options)}\n        ),")
print("    ]\n}")
