// As the time step goes to 0, the clock-driven engine becomes the exact one: values, spike times and gradients, with order 1.
import ClockDriven
import EventDriven
import Learning
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

/// A network with input whose times and delays are whole milliseconds, so that every grid of the tests holds them exactly.
private struct LimitCase {
    var network: Network
    var input: SpikeTrains
    let labels: [Int]

    init(seed: UInt64, delays: DelayKind, recurrent: Bool) throws {
        var random = RandomStream(seed: seed, stream: 0)
        func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * random.uniform() }
        let sizes = [3, 5, 2]
        network = try Network(sizes: sizes, delays: [delays], recurrent: recurrent ? [true] : [])
        let unit = 1 / Initialisation.peakOfUnitPSP(network.layers[0].parameters[0])
        for (c, own) in network.connections.enumerated() {
            let strength = unit * (own.isRecurrent ? 0.4 : 1.5) / Double(own.preCount)
            try network.setWeights(
                own.weights.map { _ in
                    strength
                        * (random.uniform() < (own.isRecurrent ? 0.5 : 0.2) ? uniform(-1, -0.1) : uniform(0.4, 1.8))
                }, connection: c)
            guard own.delayKind != .none else { continue }
            try network.setDelays(own.delays.map { _ in 1e-3 * Double(random.index(below: 5)) }, connection: c)
        }
        var (times, units, offsets) = ([Double](), [Int32](), [0])
        for unit in 0..<sizes[0] {
            for _ in 0..<2 {
                times.append(1e-3 * Double(random.index(below: 12)))
                units.append(Int32(unit))
            }
        }
        offsets.append(times.count)
        input = try SpikeTrains(times: times, units: units, offsets: offsets, unitCount: sizes[0])
        labels = [random.index(below: sizes[2])]
    }

    /// All gradients as one vector per kind: weights, delays, input times.
    private func vectors(_ gradients: Gradients) -> [[Double]] {
        [Array(gradients.weights.joined()), Array(gradients.delays.joined()), gradients.inputTimes]
    }

    /// Relative errors of the clock engine's gradients for each time step, by kind; `nil` if a run has other spikes than the exact
    /// one, or the loss sees nothing.
    func errors(steps: [Double], decay: Decay) throws -> [[Double]]? {
        let end = 30e-3
        let objective = Objective(loss: TTFSCrossEntropy(tau0: 3e-3), labels: labels)
        let exact = try EventSubstrate().forward(
            network, input, options: ForwardOptions(endTime: end), monitor: nil)
        let wanted = try EventAdjoint().backward(network, exact, objective, monitor: nil)
        guard wanted.skippedCount == 0 else { return nil }
        var errors: [[Double]] = []
        for timeStep in steps {
            let grid = TimeGrid(timeStep: timeStep, steps: Int((end / timeStep).rounded()) + 1, decay: decay)
            let recording = try ClockSubstrate(grid).forward(network, input, options: ForwardOptions(), monitor: nil)
            for (own, other) in zip(recording.layers, exact.layers) {
                guard own.spikes.offsets == other.spikes.offsets, own.spikes.units == other.spikes.units else {
                    return nil
                }
            }
            let gradients = try ClockRule().backward(network, recording, objective, monitor: nil)
            errors.append(
                zip(vectors(gradients), vectors(wanted)).map { own, exact in
                    let distance = zip(own, exact).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
                    return (distance / max(1e-300, exact.reduce(0) { $0 + $1 * $1 })).squareRoot()
                })
        }
        return errors
    }
}

struct TimeStepLimitTests {
    /// The geometric mean: errors of single networks depend on where their spikes fall between two steps.
    private func mean(_ values: [Double]) -> Double {
        Elementary.exp(values.reduce(0) { $0 + Elementary.log($1) } / Double(values.count))
    }

    @Test(
        arguments: [
            (Decay.exponential, DelayKind.none, false), (.euler, .none, false), (.exponential, .none, true),
            (.exponential, .synaptic, true), (.euler, .axonal, true), (.exponential, .dendritic, false),
        ])
    func gradientsConverge(decay: Decay, delays: DelayKind, recurrent: Bool) throws {
        let steps = [1e-3 / 32, 1e-3 / 128, 1e-3 / 512]
        let wanted = 20
        var all: [[[Double]]] = []
        var seed: UInt64 = 0
        while all.count < wanted, seed < 400 {
            seed += 1
            let own = try LimitCase(seed: seed, delays: delays, recurrent: recurrent)
            if let errors = try own.errors(steps: steps, decay: decay) { all.append(errors) }
        }
        try #require(all.count == wanted, "only \(all.count) networks spike alike at all steps")
        for (kind, name) in ["weights", "delays", "input times"].enumerated() where name != "delays" || delays != .none
        {
            let means = steps.indices.map { step in mean(all.map { $0[step][kind] }) }
            let medians = steps.indices.map { step in all.map { $0[step][kind] }.sorted()[wanted / 2] }
            let order = Elementary.log(means[0] / means[2]) / Elementary.log(16)
            let place = "\(decay.name), delays \(delays), recurrent \(recurrent), \(name)"
            print("\(place): order \(order), errors \(means), medians \(medians), \(seed) seeds")
            #expect((0.75...1.25).contains(order), "\(place): order \(order)")
            #expect(means[2] < 5e-3, "\(place): \(means)")
        }
    }
}
