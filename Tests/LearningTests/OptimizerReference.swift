// Written by Generators/optimizer_reference.py: parameters after four steps of each optimiser.
// swift-format-ignore-file
@testable import Learning
@testable import Networks

enum OptimizerReference {
    static let start: [Double] = [0.5, -1.25, 2.0, 0.0]
    static let stepCount = 4

    /// The gradient of parameter `index` at a step counted from 1.
    static func gradient(step: Int, index: Int) -> Double { Double((7 * index + 3 * step) % 11 - 5) / 4 }

    static let cases: [(set: @Sendable (inout OptimizerOptions) -> Void, end: [Double])] = [
        (
            { $0.kind = .sgd; $0.learningRate = 0.1 },
            [0.525, -1.375, 2.0, 0.125]
        ),
        (
            { $0.kind = .sgd; $0.learningRate = 0.1; $0.momentum = 0.9 },
            [0.5142, -1.551625, 1.858025, 0.24042500000000006]
        ),
        (
            { $0.kind = .sgd; $0.learningRate = 0.05; $0.momentum = 0.5; $0.weightDecay = 0.2 },
            [0.46930722999999996, -1.2612674499999998, 1.8577096574999998, 0.07479808750000001]
        ),
        (
            { $0.kind = .adam; $0.learningRate = 0.01 },
            [0.5090916851200482, -1.2671346933383543, 1.9813295218045321, 0.019820004690170655]
        ),
        (
            { $0.kind = .adam; $0.learningRate = 0.2; $0.beta1 = 0.8; $0.beta2 = 0.95; $0.epsilon = 0.001 },
            [0.6605617809365282, -1.5731594911501812, 1.6502417145469916, 0.37468685184630746]
        ),
        (
            { $0.kind = .adam; $0.learningRate = 0.02; $0.weightDecay = 0.3 },
            [0.5030471572828289, -1.2585763944922888, 1.9371708632118472, 0.039194872992420526]
        ),
        (
            { $0.kind = .adamW; $0.learningRate = 0.02; $0.weightDecay = 0.3 },
            [0.5059242452639872, -1.2541168789060075, 1.9156642487992785, 0.039132137654652226]
        ),
        (
            { $0.kind = .adamW; $0.learningRate = 0.3; $0.beta1 = 0.5; $0.beta2 = 0.6; $0.weightDecay = 0.01 },
            [0.6571317419157143, -1.6525078376608238, 1.591939716638412, 0.4665575489083674]
        ),
        (
            { $0.kind = .sgd; $0.learningRate = 0.1; $0.clipValue = 0.5 },
            [0.525, -1.3, 2.0, 0.05]
        ),
        (
            { $0.kind = .sgd; $0.learningRate = 0.1; $0.clipNorm = 1.0 },
            [0.5059557158528769, -1.3132376388819287, 1.9820130361599402, 0.0712003217763448]
        ),
        (
            { $0.kind = .sgd; $0.learningRate = 0.1; $0.clipValue = 0.75; $0.clipNorm = 0.9 },
            [0.5159488581111022, -1.2953818475066043, 1.988261380102293, 0.05536257142458955]
        ),
    ]
}
