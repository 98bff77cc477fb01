// How delays are trained: their range, the numbers trained in their stead, penalties, initial delays.
import Foundation
import Mathematics
import Neurons
import Testing

@testable import Learning
@testable import Networks
@testable import TestSupport

struct DelayTrainingTests {
    /// Plain descent without limits, so that a step is minus the rate times the derivative.
    private func descent(_ parameter: DelayParameter, rate: Double) -> OptimizerOptions {
        var options = OptimizerOptions()
        (options.kind, options.clipNorm, options.learningRate) = (.sgd, .infinity, 0)
        (options.delayParameter, options.delayLearningRate) = (parameter, rate)
        return options
    }

    private func network(_ delays: [Double]) throws -> Network {
        var network = try Network(sizes: [delays.count, 1], delays: [.axonal])
        try network.setDelays(delays, connection: 0)
        return network
    }

    /// A smooth loss of delays in milliseconds, with its derivative per second.
    private func loss(_ delays: [Double]) -> Double {
        delays.enumerated().reduce(0) { $0 + sin(1e3 * $1.element + Double($1.offset)) }
    }

    private func gradient(_ delays: [Double]) -> [Double] {
        delays.enumerated().map { 1e3 * cos(1e3 * $0.element + Double($0.offset)) }
    }

    /// The step is the derivative of the penalised loss with respect to what is trained, by differences of that.
    @Test(arguments: [DelayParameter.clip, .sigmoid], [(0.0, 0.0), (30, 0), (0, 4e4), (30, 4e4)])
    func stepsAreThoseOfThePenalisedLoss(parameter: DelayParameter, penalty: (l1: Double, l2: Double)) throws {
        let start = [0.7e-3, 2e-3, 3.3e-3, 4.2e-3]
        let (shift, scale) = (0.5e-3, 4e-3)
        // Delays per second move by microseconds, numbers without a unit by themselves.
        var options = descent(parameter, rate: parameter == .clip ? 1e-9 : 1e-3)
        (options.delayShift, options.delayScale) = (shift, scale)
        (options.delayL1, options.delayL2) = penalty
        var network = try network(start)
        var optimizer = try Optimizer(options, for: network)
        func delay(_ p: Double) -> Double {
            parameter == .clip ? p : shift + scale / (1 + exp(-p))
        }
        func objective(_ p: [Double]) -> Double {
            let d = p.map(delay)
            return loss(d) + d.reduce(0) { $0 + penalty.l1 * $1 + penalty.l2 * $1 * $1 / 2 }
        }
        let before = parameter == .clip ? start : optimizer.delayParameters[0]
        for (d, p) in zip(start, before) { #expect(abs(delay(p) - d) < 1e-17) }
        var gradients = Gradients(zerosFor: network)
        gradients.delays[0] = gradient(start)
        try optimizer.step(&network, &gradients)
        let after = parameter == .clip ? network.connections[0].delays : optimizer.delayParameters[0]
        let width = parameter == .clip ? 1e-8 : 1e-4
        for n in start.indices {
            var (low, high) = (before, before)
            low[n] -= width
            high[n] += width
            let expected = (objective(high) - objective(low)) / (2 * width)
            let found = (before[n] - after[n]) / options.delayLearningRate
            #expect(abs(found - expected) <= 1e-7 * max(1, abs(expected)), "\(parameter), \(penalty), delay \(n)")
            #expect(abs(network.connections[0].delays[n] - delay(after[n])) < 1e-17)
        }
        #expect(network.connections[0].weights == [0, 0, 0, 0])
    }

    @Test func clippedDelaysKeepToTheirRange() throws {
        var options = descent(.clip, rate: 1)
        (options.delayShift, options.delayScale) = (1e-3, 2e-3)
        var network = try network([1e-3, 2e-3, 2e-3, 2e-3])
        var optimizer = try Optimizer(options, for: network)
        var gradients = Gradients(zerosFor: network)
        gradients.delays[0] = [1e-3, -5e-4, 1, -1]
        try optimizer.step(&network, &gradients)
        #expect(network.connections[0].delays == [1e-3, 2.5e-3, 1e-3, 1e-3 + 2e-3])
    }

    /// Numbers in single precision lie within the range of float64 numbers.
    @Test(arguments: [DelayParameter.clip, .sigmoid])
    func singlePrecisionKeepsToTheRange(parameter: DelayParameter) throws {
        for scale in [0.1, 0.3, 0.7, 1 / 3.0] {
            var options = descent(parameter, rate: 1e3)
            (options.delayShift, options.delayScale) = (0.1, scale)
            var network = try network([0.1 + scale / 2, 0.1 + scale / 4])
            var optimizer = try Optimizer(options, for: network, precision: .single)
            for _ in 0..<3 {
                var gradients = Gradients(zerosFor: network)
                gradients.delays[0] = [1e3, -1e3]
                try optimizer.step(&network, &gradients)
            }
            let delays = network.connections[0].delays
            #expect(delays[0] >= 0.1 && delays[0] < 0.1 + 1e-8 && delays[1] <= 0.1 + scale, "\(delays), \(scale)")
            #expect(delays[1] > 0.1 + scale - 1e-7 && delays.allSatisfy { Double(Float($0)) == $0 })
        }
    }

    /// An open range is that of tau_syn, and times x 2 train as before.
    @Test func openScaleFollowsTheNetwork() throws {
        func train(_ factor: Double) throws -> [Double] {
            var network = try Network(
                sizes: [2, 1], parameters: [LIFParameters(tauMem: [20e-3 * factor], tauSyn: [5e-3 * factor])],
                delays: [.axonal])
            try network.setDelays([1e-3 * factor, 4e-3 * factor], connection: 0)
            var optimizer = try Optimizer(descent(.sigmoid, rate: 1), for: network)
            for _ in 0..<4 {
                var gradients = Gradients(zerosFor: network)
                gradients.delays[0] = [30 / factor, -50 / factor]
                try optimizer.step(&network, &gradients)
            }
            return network.connections[0].delays
        }
        let (one, two) = (try train(1), try train(2))
        #expect(one[0] < 1e-3 && one[1] > 4e-3 && one[1] < 5e-3 && two == one.map { 2 * $0 })
    }

    @Test(arguments: [37.0, -37, 40, -40, 1000, -1000])
    func drawnDelaysThatCannotMoveAreRefused(mean: Double) throws {
        let network = try network([1e-3, 1e-3])
        var options = TrainingOptions()
        options.optimizer = descent(.sigmoid, rate: 1)
        (options.delayInitialisation.isDrawn, options.delayInitialisation.mean) = (true, mean)
        func trainer() throws -> Trainer { try Trainer(network, options, substrate: ToySubstrate()) }
        let error = #expect(throws: SpinnpropError.self) { try trainer() }
        #expect(error?.kind == .invalidValue)
        #expect(error?.message.hasPrefix("delay_init = (\(mean), 0.0) draws \(mean) for delays[0][0]") == true)
        // The remedy; and where numbers are not trained there is nothing to freeze.
        (options.delayInitialisation.mean, options.delayInitialisation.std) = (0, 0.25)
        _ = try trainer()
        options.delayInitialisation.mean = mean
        options.optimizer.delayLearningRate = 0
        _ = try trainer()
    }

    @Test(arguments: [0.0, 5e-3, 6e-3])
    func delaysBeyondTheRangeOfASigmoidAreRefused(delay: Double) throws {
        let network = try network([1e-3, delay])
        var options = TrainingOptions()
        options.optimizer = descent(.sigmoid, rate: 1)
        func trainer() throws -> Trainer { try Trainer(network, options, substrate: ToySubstrate()) }
        let error = #expect(throws: SpinnpropError.self) { try trainer() }
        #expect(
            error?.kind == .invalidValue && error?.message.contains("delays[0][1] is \(delay)") == true)
        // The remedies.
        (options.delayInitialisation.isDrawn, options.delayInitialisation.std) = (true, 0.25)
        _ = try trainer()
        options.delayInitialisation.isDrawn = false
        options.optimizer.delayScale = 1
        if delay > 0 { _ = try trainer() }
        options.optimizer.delayLearningRate = 0
        _ = try trainer()
    }

    @Test func initialDelaysAreDrawnFromTheSeed() throws {
        let count = 4000
        var plain = try Network(sizes: [count, 2, 1], delays: [.axonal, .none])
        try plain.setDelays([Double](repeating: 1e-3, count: count), connection: 0)
        func start(_ change: (inout TrainingOptions) -> Void) throws -> [Double] {
            var options = TrainingOptions()
            change(&options)
            let network = try Trainer(plain, options, substrate: ToySubstrate()).network
            #expect(network.connections[1].delays.isEmpty)
            return network.connections[0].delays
        }
        func draw(_ options: inout TrainingOptions, _ mean: Double, _ std: Double) {
            (options.delayInitialisation.isDrawn, options.delayInitialisation.mean) = (true, mean)
            options.delayInitialisation.std = std
        }
        #expect(try start { $0.optimizer.delayLearningRate = 1 } == plain.connections[0].delays)
        let clipped = try start { draw(&$0, 1e-3, 1e-3) }
        let zeros = clipped.count { $0 == 0 }
        // P(N(1, 1) < 0) = 0.1587.
        #expect(clipped.allSatisfy { $0 >= 0 } && abs(Double(zeros) / Double(count) - 0.1587) < 0.03)
        #expect(try start { draw(&$0, 1e-3, 1e-3) } == clipped)
        #expect(
            try start {
                draw(&$0, 1e-3, 1e-3); $0.seed = 1
            } != clipped)
        let limited = try start {
            draw(&$0, 1e-3, 1e-3); $0.optimizer.delayScale = 1.5e-3
        }
        #expect(limited == clipped.map { min($0, 1.5e-3) })
        let sigmoid = try start {
            draw(&$0, 0, 0.25)
            ($0.optimizer.delayParameter, $0.optimizer.delayLearningRate) = (.sigmoid, 1)
        }
        // d = tau_syn / (1 + e^-p): tau_syn / 2, with a deviation of tau_syn / 4 times p's.
        let mean = sigmoid.reduce(0, +) / Double(count)
        let deviation = (sigmoid.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)).squareRoot()
        #expect(abs(mean - 2.5e-3) < 3e-5 && abs(deviation / (5e-3 / 4 * 0.25) - 1) < 0.1, "\(mean), \(deviation)")
    }

    @Test func domains() throws {
        let wrong: [(String, (inout TrainingOptions) -> Void)] = [
            ("delay_shift", { $0.optimizer.delayShift = -1e-3 }), ("delay_shift", { $0.optimizer.delayShift = .nan }),
            ("delay_shift", { $0.optimizer.delayShift = .infinity }), ("delay_scale", { $0.optimizer.delayScale = 0 }),
            ("delay_scale", { $0.optimizer.delayScale = -1 }), ("delay_scale", { $0.optimizer.delayScale = .nan }),
            ("delay_scale", { $0.optimizer.delayScale = .infinity }), ("delay_l1", { $0.optimizer.delayL1 = -1 }),
            ("delay_l1", { $0.optimizer.delayL1 = .nan }), ("delay_l2", { $0.optimizer.delayL2 = .infinity }),
            ("delay_init_mean", { $0.delayInitialisation.mean = .nan }),
            ("delay_init_mean", { $0.delayInitialisation.mean = -.infinity }),
            ("delay_init_std", { $0.delayInitialisation.std = -1 }),
            ("delay_init_std", { $0.delayInitialisation.std = .nan }),
        ]
        for (index, (name, change)) in wrong.enumerated() {
            var options = TrainingOptions()
            change(&options)
            let network = try network([1e-3])
            let error = #expect(throws: SpinnpropError.self, "\(index)") {
                try Trainer(network, options, substrate: ToySubstrate())
            }
            #expect(error?.kind == .invalidValue && error?.message.contains(name) == true, "\(index)")
        }
    }

    /// The largest numbers that are let in stay finite, and are refused before they leave float64.
    @Test(arguments: [Precision.double, .single])
    func largestStepsStayFinite(precision: Precision) throws {
        for kind in OptimizerKind.allCases {
            var options = descent(.sigmoid, rate: 1e6)
            (options.kind, options.delayShift, options.delayScale) = (kind, 1e6, 1e6)
            (options.delayL1, options.delayL2, options.momentum, options.epsilon) = (1e6, 1e6, 0.99, 1e-30)
            var network = try network([1.5e6, 1.5e6])
            var optimizer = try Optimizer(options, for: network, precision: precision)
            var error: SpinnpropError?
            for step in 0..<50 where error == nil {
                var gradients = Gradients(zerosFor: network)
                let large = optimizer.largestMagnitude
                gradients.delays[0] = [step % 2 == 0 ? large : -large, -large]
                do { try optimizer.step(&network, &gradients) } catch let found { error = found }
                let delays = network.connections[0].delays
                #expect(delays.allSatisfy { $0 >= 1e6 && $0 <= 2e6 }, "\(kind), step \(step), \(delays)")
                #expect(
                    (optimizer.first + optimizer.second).allSatisfy { $0.allSatisfy(\.isFinite) }, "\(kind), \(step)")
            }
            #expect(kind != .sgd || error?.message.contains("the trained number of delays[0]") == true)
        }
    }
}
