// Optimisers: the formulas step by step, clipping, delays, and gradients that are no numbers.
import Mathematics
import Testing

@testable import Learning
@testable import Networks
@testable import TestSupport

struct OptimizerTests {
    /// A network with four weights (4 inputs, 1 neuron) at the reference's start.
    private func network(delays: DelayKind = .none) throws -> Network {
        var network = try Network(sizes: [4, 1], delays: [delays])
        try network.setWeights(OptimizerReference.start, connection: 0)
        return network
    }

    @Test(arguments: OptimizerReference.cases.indices)
    func agreesWithTheRestatement(index: Int) throws {
        let reference = OptimizerReference.cases[index]
        var options = OptimizerOptions.unclipped
        reference.set(&options)
        var network = try network()
        var optimizer = try Optimizer(options, for: network)
        for step in 1...OptimizerReference.stepCount {
            var gradients = Gradients(zerosFor: network)
            gradients.weights[0] = (0..<4).map { OptimizerReference.gradient(step: step, index: $0) }
            try optimizer.step(&network, &gradients)
        }
        for (value, expected) in zip(network.connections[0].weights, reference.end) {
            #expect(abs(value - expected) <= 4e-16 * max(1, abs(expected)), "case \(index), \(options)")
        }
    }

    /// Loops that the compiler cuts into vectors treat the last elements like all others.
    @Test(arguments: [OptimizerKind.sgd, .adam, .adamW])
    func everyElementIsTreatedAlike(kind: OptimizerKind) throws {
        var network = try Network(sizes: [37, 3])
        var options = OptimizerOptions.unclipped
        options.kind = kind
        options.weightDecay = 0.1
        options.momentum = 0.5
        var optimizer = try Optimizer(options, for: network)
        try network.setWeights([Double](repeating: 0.7, count: 111), connection: 0)
        for step in 0..<3 {
            var gradients = Gradients(zerosFor: network)
            gradients.weights[0] = [Double](repeating: 0.3 - Double(step), count: 111)
            try optimizer.step(&network, &gradients)
        }
        let weights = network.connections[0].weights
        #expect(weights.allSatisfy { $0 == weights[0] } && weights[0] != 0.7)
    }

    @Test func rateFactorScalesBothRates() throws {
        var options = OptimizerOptions.unclipped
        options.kind = .sgd
        options.learningRate = 1
        options.delayLearningRate = 0.5
        var network = try network(delays: .axonal)
        try network.setDelays([1, 1, 1, 1], connection: 0)
        var optimizer = try Optimizer(options, for: network)
        var gradients = Gradients(zerosFor: network)
        gradients.weights[0] = [1, 2, 3, 4]
        gradients.delays[0] = [1, -1, 2, 100]
        try optimizer.step(&network, &gradients, rateFactor: 0.25)
        #expect(network.connections[0].weights == [0.25, -1.75, 1.25, -1])
        // Delays take their own rate, no weight decay, and stop at 0.
        #expect(network.connections[0].delays == [0.875, 1.125, 0.75, 0])
    }

    @Test func delaysStayUnlessTheyHaveARate() throws {
        var network = try network(delays: .synaptic)
        try network.setDelays([1e-3, 2e-3, 3e-3, 4e-3], connection: 0)
        var options = OptimizerOptions.unclipped
        options.clipNorm = 1
        options.kind = .sgd
        options.learningRate = 1
        var optimizer = try Optimizer(options, for: network)
        var gradients = Gradients(zerosFor: network)
        gradients.delays[0] = [1e6, 1e6, 1e6, .nan]
        gradients.weights[0] = [0.5, 0, 0, 0]
        try optimizer.step(&network, &gradients)
        #expect(network.connections[0].delays == [1e-3, 2e-3, 3e-3, 4e-3])
        // What is not trained has no part in the norm.
        #expect(network.connections[0].weights[0] == 0)
    }

    @Test func normIsTakenOverAllThatIsTrained() throws {
        var network = try network(delays: .axonal)
        var options = OptimizerOptions.unclipped
        options.kind = .sgd
        options.learningRate = 1
        options.delayLearningRate = 1
        options.clipNorm = 1
        var optimizer = try Optimizer(options, for: network)
        var gradients = Gradients(zerosFor: network)
        gradients.weights[0] = [3, 0, 0, 0]
        gradients.delays[0] = [0, -4, 0, 0]
        try optimizer.step(&network, &gradients)
        #expect(abs(network.connections[0].weights[0] - (0.5 - 0.6)) < 1e-15)
        #expect(abs(network.connections[0].delays[1] - 0.8) < 1e-15)
        // Magnitudes whose squares leave float64.
        gradients.weights[0] = [3e139, 4e139, 0, 0]
        gradients.delays[0] = [0, 0, 0, 0]
        _ = optimizer.clip(&gradients, network)
        #expect(abs(gradients.weights[0][0] - 0.6) < 1e-15 && abs(gradients.weights[0][1] - 0.8) < 1e-15)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, 1.1e140])
    func whatIsNoNumberChangesNothing(value: Double) throws {
        for kind in OptimizerKind.allCases {
            for position in 0..<4 {
                var options = OptimizerOptions.unclipped
                options.kind = kind
                // Clipping must not hide it.
                options.clipValue = 1
                var network = try network()
                var optimizer = try Optimizer(options, for: network)
                var gradients = Gradients(zerosFor: network)
                gradients.weights[0] = [1, 1, 1, 1]
                try optimizer.step(&network, &gradients)
                let (oldNetwork, oldOptimizer) = (network, optimizer)
                gradients.weights[0][position] = value
                let error = #expect(throws: SpinnpropError.self) { try optimizer.step(&network, &gradients) }
                #expect(error?.kind == .invalidValue)
                #expect(error?.message.contains("the gradient of weights[0][0, \(position)] is \(value)") == true)
                #expect(network == oldNetwork && optimizer == oldOptimizer)
            }
        }
    }

    /// The bound on gradients and parameters keeps everything finite, whatever the options.
    @Test func largestStepStaysFinite() throws {
        for kind in OptimizerKind.allCases {
            var options = OptimizerOptions.unclipped
            options.kind = kind
            options.learningRate = 1e6
            options.momentum = 1 - 1e-16
            options.beta1 = 1 - 1e-16
            options.beta2 = 0
            options.epsilon = 1e-30
            options.weightDecay = 1e6
            var network = try network()
            var optimizer = try Optimizer(options, for: network)
            var error: SpinnpropError?
            for step in 0..<50 where error == nil {
                var gradients = Gradients(zerosFor: network)
                gradients.weights[0] = [1e140, -1e140, step == 0 ? 1e140 : 0, 1e-300]
                do {
                    try optimizer.step(&network, &gradients)
                } catch let found {
                    error = found
                }
                let isFinite = network.connections[0].weights.allSatisfy { $0.isFinite }
                #expect(isFinite, "\(kind), step \(step)")
            }
            let isFinite = (optimizer.first + optimizer.second).allSatisfy { $0.allSatisfy { $0.isFinite } }
            #expect(isFinite, "\(kind)")
            // Weights without bound are refused in the end.
            #expect(kind != .sgd || error?.message.contains("weights[0][0, 0] is") == true)
        }
    }

    @Test func schedules() {
        var schedule = Schedule()
        schedule.gamma = 0.5
        schedule.epochs = 3
        func factors() -> [Double] { (0..<7).map { schedule.factor(epoch: $0) } }
        schedule.kind = .constant
        #expect(factors() == [1, 1, 1, 1, 1, 1, 1])
        schedule.kind = .step
        #expect(factors() == [1, 1, 1, 0.5, 0.5, 0.5, 0.25])
        schedule.kind = .exponential
        #expect(factors() == [1, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625])
        schedule.kind = .smooth
        #expect(factors() == [1, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625])
        // An equal factor after every batch, which for four of them is the fourth root.
        let quarters = (0..<8).map { schedule.factor(epoch: $0 / 4, batch: $0 % 4, of: 4) }
        for (first, second) in zip(quarters, quarters.dropFirst()) {
            #expect(abs(second / first / 0.840_896_415_253_714_6 - 1) < 1e-15)
        }
        schedule.kind = .exponential
        schedule.gamma = 0.95
        #expect(abs(schedule.factor(epoch: 100) / 0.005_920_529_220_333_99 - 1) < 1e-14)
    }

    @Test func domains() throws {
        let wrong: [(inout OptimizerOptions) -> Void] = [
            { $0.learningRate = -1 }, { $0.learningRate = .nan }, { $0.learningRate = .infinity }, { $0.momentum = 1 },
            { $0.momentum = -0.1 }, { $0.beta1 = 1 }, { $0.beta2 = .nan }, { $0.epsilon = 0 }, { $0.weightDecay = -1 },
            { $0.clipValue = 0 }, { $0.clipNorm = .nan }, { $0.delayLearningRate = -1 },
        ]
        let network = try network()
        for (index, change) in wrong.enumerated() {
            var options = OptimizerOptions.unclipped
            change(&options)
            let error = #expect(throws: SpinnpropError.self, "\(index)") { try Optimizer(options, for: network) }
            #expect(error?.kind == .invalidValue)
        }
    }
}

extension OptimizerOptions {
    /// The defaults but for clipping, which would hide the formulas.
    fileprivate static var unclipped: OptimizerOptions {
        var options = OptimizerOptions()
        options.clipNorm = .infinity
        return options
    }
}
