// A substrate that only a test has: one layer whose neurons spike the earlier the larger their weights.
import Mathematics
import Networks
import Spikes

/// What a user sets of it.
public struct ToyOptions: Equatable, Sendable {
    /// When a neuron spikes whose input adds up to nothing, s.
    public var latency = 20e-3

    public init() {}

    public static let fields: [OptionField<ToyOptions>] = [OptionField("latency", \.latency, .closed(1e-3, 1))]

    /// - Throws: `invalidValue` naming the option, its value and its domain.
    public func check() throws(SpinnpropError) {
        for field in ToyOptions.fields { try field.check(self) }
    }
}

/// Neuron j spikes once, at latency exp(-sum_i w_ji (1 + t_i / 10 ms) / 4), if there is input and that is before twice the latency.
public struct ToySubstrate: Substrate {
    public static let name = "toy"
    public let options: ToyOptions

    public init(_ options: ToyOptions = ToyOptions()) { self.options = options }

    public var name: String { ToySubstrate.name }
    public var rule: any GradientRule { ToyRule() }

    public func forward(
        _ network: Network, _ input: SpikeTrains, options forward: ForwardOptions, monitor: Monitor?
    ) throws(SpinnpropError) -> Recording {
        try forward.check()
        guard network.layers.count == 1, network.layers[0].isSpiking else {
            throw .unsupported("engine \"toy\" runs one spiking layer; this network has another shape")
        }
        guard input.unitCount == network.inputCount else {
            throw .invalidValue("the input has \(input.unitCount) units, the network \(network.inputCount) inputs")
        }
        let budget = SpikeBudget(limit: forward.maxSpikes ?? .max)
        let columns = try SpikeColumns()
        for sample in 0..<input.sampleCount {
            let first = columns.count
            for (time, unit) in spikes(network, input, sample) where time <= forward.endTime {
                try columns.append(time: time, unit: unit, current: 2)
            }
            columns.ends.append(columns.count)
            try budget.add(columns.count - first)
            monitor?.finish(1)
        }
        let layer = LayerRecording(
            neuronCount: network.outputCount, isSpiking: true, thresholds: [1], segments: [columns])
        return Recording(
            input: input, layers: [layer], partition: [0..<input.sampleCount], fingerprint: network.fingerprint,
            engine: name, endTime: forward.endTime)
    }

    /// In order of time, ties in order of unit; sums are taken in the order of the input's times.
    private func spikes(_ network: Network, _ input: SpikeTrains, _ sample: Int) -> [(time: Double, unit: Int)] {
        let (times, units) = input[sample]
        let arrivals = zip(times, units).sorted { ($0.0, $0.1) < ($1.0, $1.1) }
        let weights = network.connections[0].weights
        guard !arrivals.isEmpty else { return [] }
        return (0..<network.outputCount).compactMap { unit in
            var drive = 0.0
            for (t, source) in arrivals {
                drive += ToyRule.slope(t) * weights[unit * network.inputCount + Int(source)]
            }
            let time = options.latency * Elementary.exp(-drive)
            return time < 2 * options.latency ? (time, unit) : nil
        }.sorted { ($0.time, $0.unit) < ($1.time, $1.unit) }
    }
}

/// The derivatives of a toy substrate's spike times.
public struct ToyRule: GradientRule {
    public init() {}

    public var name: String { ToySubstrate.name }

    /// What a spike at t adds to the drive of a neuron to which its weight is 1.
    static func slope(_ t: Double) -> Double { (1 + t / 10e-3) / 4 }

    public func backward(
        _ network: Network, _ recording: Recording, _ objective: Objective, monitor: Monitor?
    ) throws(SpinnpropError) -> Gradients {
        try objective.check(network, sampleCount: recording.sampleCount)
        try recording.check(madeBy: network)
        var gradients = Gradients(zerosFor: network)
        if objective.wantsInputTimes {
            gradients.inputTimes = [Double](repeating: 0, count: recording.input.spikeCount)
        }
        let scale = 1 / Double(max(1, recording.sampleCount))
        let weights = network.connections[0].weights
        var sampler = OutputSampler(recording)
        for sample in 0..<recording.sampleCount {
            var errors = [Double](repeating: 0, count: network.outputCount + 1)
            let spikes = sampler.withSample(part: 0, index: sample) { output, _ in
                let target = Target(label: objective.labels[sample])
                let result = errors.withUnsafeMutableBufferPointer {
                    objective.loss.evaluate(output, target: target, errors: $0.baseAddress.unsafelyUnwrapped)
                }
                gradients.value += result.value * scale
                gradients.skippedCount += result.isSkipped ? 1 : 0
                gradients.correctCount += objective.loss.predict(output) == target.label ? 1 : 0
                return (0..<output.spikeCount).map { (Int(output.units[$0]), output.times[$0]) }
            }
            let first = recording.input.offsets[sample]
            for (error, (unit, time)) in zip(errors, spikes) {
                let driveError = -error * time * scale
                let (times, sources) = recording.input[sample]
                for (place, (t, source)) in zip(times, sources).enumerated() {
                    let weight = unit * network.inputCount + Int(source)
                    gradients.weights[0][weight] += driveError * ToyRule.slope(t)
                    guard objective.wantsInputTimes else { continue }
                    gradients.inputTimes[first + place] += driveError * weights[weight] / 40e-3
                }
            }
            monitor?.finish(1)
        }
        return gradients
    }
}
