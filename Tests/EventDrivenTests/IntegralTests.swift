// Integrals of membranes: closed forms against quadrature and known values, traces with a source between events.
import EventDriven
import Foundation
import Learning
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

@testable import TestSupport

/// Gauss and Legendre's rule of 5 points on `count` pieces.
private func quadrature(_ end: Double, pieces count: Int, _ f: (Double) -> Double) -> Double {
    let (nodes, weights) = (
        [0, 0.5384693101056831, 0.9061798459386640],
        [0.5688888888888889, 0.4786286704993665, 0.2369268850561891]
    )
    let half = end / Double(2 * count)
    return (0..<count).reduce(0) { sum, piece in
        let middle = Double(2 * piece + 1) * half
        return sum
            + half
            * (weights[0] * f(middle)
                + (1..<3).reduce(0) { $0 + weights[$1] * (f(middle - nodes[$1] * half) + f(middle + nodes[$1] * half)) })
    }
}

struct IntegralTests {
    @Test func closedFormsAreIntegrals() {
        var random = RandomStream(seed: 4, stream: 0)
        func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * random.uniform() }
        for n in 0..<200 {
            let tauSyn = exp(uniform(-6, -4))
            let tauMem = tauSyn * [1, 1 + 1e-9, 2, 0.25, exp(uniform(-2, 2))][n % 5]
            let flow = Flow(LIFNeuron(tauMem: tauMem, tauSyn: tauSyn, threshold: 1, reset: 0))
            let length = min(tauMem, tauSyn) * exp(uniform(-6, 3))
            let tau = n % 3 == 0 ? .infinity : tauSyn * exp(uniform(-1, 4))
            let own = flow.integrals(length, tau: tau)
            func weighted(_ f: (FlowDerivatives) -> Double) -> Double {
                quadrature(length, pieces: 60) { exp(-$0 / tau) * f(flow.derivatives($0)) }
            }
            let current = weighted(\.propagators.h)
            let place = "tau_m \(tauMem), tau_s \(tauSyn), length \(length), tau \(tau)"
            for (name, found, wanted, scale) in [
                ("a", own.membrane, weighted(\.propagators.a), own.membrane), ("h", own.current, current, current),
                ("da/dtau_m", own.membraneMem, weighted(\.aMem), own.membrane),
                ("dh/dtau_m", own.currentMem, weighted(\.hMem), current),
                ("dh/dtau_s", own.currentSyn, weighted(\.hSyn), current),
                ("drive", flow.driveIntegral(length, tau: tau), weighted(\.complement), weighted(\.complement)),
            ] {
                #expect(abs(found - wanted) <= 2e-12 * abs(scale), "\(name), \(place): \(found), \(wanted)")
            }
        }
    }

    @Test func valuesAreKnown() throws {
        // All charge that arrives becomes the integral: its weight times tau_s.
        var network = try Network(
            sizes: [1, 1], parameters: [LIFParameters(tauMem: [20e-3], tauSyn: [5e-3])], leakyReadout: true)
        try network.setWeights([1.5], connection: 0)
        let input = try SpikeTrains(times: [2e-3, 7e-3], units: [0, 0], offsets: [0, 2], unitCount: 1)
        let long = try EventSubstrate().forward(network, input, options: ForwardOptions(endTime: 5), monitor: nil)
        func integral(_ recording: Recording, _ tau: Double) throws -> Double {
            try #require(recording.integrated(by: network, tau: tau).integrals).values[0]
        }
        #expect(abs(try integral(long, .infinity) - 2 * 1.5 * 5e-3) <= 1e-17)
        // For ever: w e^{-t_a / tau} / (tau_m (1 / tau + 1 / tau_m) (1 / tau + 1 / tau_s)) of each arrival.
        let endless = try EventSubstrate().forward(network, input, options: ForwardOptions(), monitor: nil)
        let kernel = 1 / (20e-3 * (100.0 + 50) * (100.0 + 200))
        let wanted = 1.5 * kernel * (exp(-0.2) + exp(-0.7))
        let found = try integral(endless, 10e-3)
        #expect(abs(found - wanted) <= 1e-17)
        for tau in [0, -1, .nan] { #expect(throws: SpinnpropError.self) { try integral(long, tau) } }
        #expect(throws: SpinnpropError.self) { try integral(endless, .infinity) }
        // Nothing arrives after the end.
        let short = try EventSubstrate().forward(network, input, options: ForwardOptions(endTime: 2e-3), monitor: nil)
        #expect(try integral(short, .infinity) == 0)
    }

    static let configurations = DelayKind.allCases.flatMap { kind in
        [
            Configuration(ratio: 4, delays: [kind], recurrent: true, leaky: true),
            Configuration(
                ratio: nil, delays: [kind], recurrent: true, leaky: true, drive: -0.5...0.6, refractory: 0.05...0.5),
        ]
    }

    /// Membranes that are read give the integrals by quadrature between arrivals; losses and gradients of the whole, differences.
    @Test(arguments: configurations)
    func integralsAreOfMembranes(_ configuration: Configuration) throws {
        let own = try RandomCase(configuration, seed: 3)
        let recording = try own.forward(EventSubstrate())
        let end = own.options.endTime
        for tau in [.infinity, 4 * configuration.tauSyn] {
            let integrals = try #require(recording.integrated(by: own.network, tau: tau).integrals).values
            let outputs = own.network.outputCount
            // Membranes have kinks where spikes arrive: midpoints of a fine grid meet them to 1e-5.
            let count = 4000
            let times = (0..<count).map { end * (Double($0) + 0.5) / Double(count) }
            let membranes = try recording.states(
                of: own.network, layer: own.network.layers.count - 1, samples: 0..<own.input.sampleCount, times: times
            ).membranes
            for sample in 0..<own.input.sampleCount {
                for output in 0..<outputs {
                    let sum = (0..<count).reduce(0) {
                        $0 + exp(-times[$1] / tau) * membranes[(sample * count + $1) * outputs + output]
                    }
                    let scale = membranes.map(abs).max() ?? 0
                    #expect(abs(sum * end / Double(count) - integrals[sample * outputs + output]) <= 1e-5 * end * scale)
                }
            }
        }
    }

    /// -tau_s times the sum of lI over arrivals, and the adjoint's own equation between events: tau_m lV' = lV + e^{-t / tau} dL/d integral.
    @Test(arguments: configurations)
    func tracesHaveTheSource(_ configuration: Configuration) throws {
        let own = try RandomCase(configuration, seed: 2)
        let recording = try own.forward(EventSubstrate())
        let tau = 3 * configuration.tauSyn
        let outputs = own.network.outputCount
        let errors = GivenErrors(
            layers: own.network.layers.map { _ in [] },
            integrals: (0..<own.input.sampleCount * outputs).map { sin(Double($0) + 1) }, integralTau: tau)
        let objective = Objective(errors, wantsNeurons: true)
        let last = own.network.layers.count - 1
        let (time, step) = (0.4 * own.options.endTime, 1e-4 * configuration.tauSyn)
        let traces = try EventAdjoint().traces(
            own.network, recording, objective, layer: last, samples: 0..<1, times: [time - step, time, time + step])
        let parameters = own.network.layers[last].parameters
        for output in 0..<outputs {
            let (before, at, after) = (output, outputs + output, 2 * outputs + output)
            let (tauMem, tauSyn) = (parameters[output].tauMem, parameters[output].tauSyn)
            let slopeV = tauMem * (traces.lambdaV[after] - traces.lambdaV[before]) / (2 * step)
            let source = exp(-time / tau) * errors.integrals[output]
            #expect(abs(slopeV - traces.lambdaV[at] - source) <= 1e-6 * abs(source), "\(own), output \(output)")
            let slopeI = tauSyn * (traces.lambdaI[after] - traces.lambdaI[before]) / (2 * step)
            #expect(
                abs(slopeI - traces.lambdaI[at] + traces.lambdaV[at]) <= 1e-6 * abs(source), "\(own), output \(output)")
        }
    }

    @Test func whoCannotIntegrateSaysSo() throws {
        let leaky = try RandomCase(Configuration(leaky: true), seed: 1)
        let recording = try leaky.forward(EventSubstrate())
        func backward(_ tau: Double, _ recording: Recording) throws {
            let objective = Objective(loss: VIntegralCrossEntropy(tau0: tau), labels: leaky.labels)
            _ = try EventAdjoint().backward(leaky.network, recording, objective, monitor: nil)
        }
        try backward(1e-2, recording)
        #expect(throws: SpinnpropError.self) { try backward(.infinity, recording) }
        let spiking = try RandomCase(Configuration(), seed: 1)
        let spikes = try spiking.forward(EventSubstrate())
        #expect(throws: SpinnpropError.self) { try spikes.integrated(by: spiking.network, tau: 1) }
    }
}
