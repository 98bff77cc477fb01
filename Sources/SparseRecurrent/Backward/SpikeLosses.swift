// Losses on the spikes of a sparse network: on their times, and on firing rates.
import Mathematics
import Spikes

/// A loss and its derivative with respect to each spike's time, per second: what `SparseRecording.gradient` takes.
public struct SpikeLoss: Equatable, Sendable {
    public let value: Double
    public let timeErrors: [Double]
}

extension SparseRecording {
    public static let defaultTau0 = 5e-3

    /// 1/2 sum ((t - target) / tau0)^2 over the k-th spikes of all neurons and their k-th targets. Spikes without a target and targets
    /// without a spike add nothing.
    ///
    /// - Parameter targets: one sample of as many units as there are neurons; a neuron's targets count in order of time.
    /// - Throws: `invalidValue` if the shapes do not fit or tau0 is not > 0.
    public func spikeTimeLoss(
        _ targets: SpikeTrains, tau0: Double = defaultTau0
    ) throws(SpinnpropError) -> SpikeLoss {
        guard tau0 > 0, tau0 < .infinity else {
            throw .invalidValue("tau0 is \(tau0); it must be finite and > 0 seconds")
        }
        guard targets.sampleCount == 1, targets.unitCount == network.neuronCount else {
            throw .invalidValue(
                "targets have \(targets.sampleCount) samples of \(targets.unitCount) units for a network of "
                    + "\(network.neuronCount) neurons; give one sample with a unit per neuron")
        }
        try checkRoom()
        var wanted = [[Double]](repeating: [], count: network.neuronCount)
        for index in targets.times.indices { wanted[Int(targets.units[index])].append(targets.times[index]) }
        for neuron in wanted.indices where wanted[neuron].count > 1 { wanted[neuron].sort() }
        var seen = [Int](repeating: 0, count: network.neuronCount)
        var value = 0.0
        var errors = [Double](repeating: 0, count: spikeCount)
        for spike in times.indices {
            let neuron = Int(units[spike])
            if seen[neuron] < wanted[neuron].count {
                let distance = (times[spike] - wanted[neuron][seen[neuron]]) / tau0
                value += 0.5 * distance * distance
                errors[spike] = distance / tau0
            }
            seen[neuron] += 1
        }
        return SpikeLoss(value: value, timeErrors: errors)
    }

    /// For a number per spike, and what is counted per neuron.
    private func checkRoom() throws(SpinnpropError) {
        try Memory.check(
            count: spikeCount + 4 * network.neuronCount, bytesPerElement: MemoryLayout<Double>.stride,
            "the loss of this run")
    }

    /// 1/2 sum (r - target)^2 over neurons, r = (n - 1) / (last - first spike time) in Hz: the rate within a neuron's own train,
    /// which depends on spike times even where the number of spikes n is fixed. Neurons that spike at fewer than two times
    /// add nothing.
    ///
    /// - Parameter targets: Hz, one per neuron; NaN for neurons of any rate.
    /// - Throws: `invalidValue` for a wrong number of targets, or one that is negative or infinite.
    public func rateLoss(_ targets: [Double]) throws(SpinnpropError) -> SpikeLoss {
        guard targets.count == network.neuronCount else {
            throw .invalidValue("\(targets.count) target rates for \(network.neuronCount) neurons; give one each")
        }
        for (neuron, target) in targets.enumerated() where target < 0 || target == .infinity {
            throw .invalidValue(
                "the target rate of neuron \(neuron) is \(target); it must be finite and >= 0 Hz, or NaN")
        }
        try checkRoom()
        var first = [Int](repeating: -1, count: network.neuronCount)
        var last = first
        var counts = [Int](repeating: 0, count: network.neuronCount)
        for spike in times.indices {
            let neuron = Int(units[spike])
            if first[neuron] < 0 { first[neuron] = spike }
            last[neuron] = spike
            counts[neuron] += 1
        }
        var value = 0.0
        var errors = [Double](repeating: 0, count: spikeCount)
        for neuron in 0..<network.neuronCount where !targets[neuron].isNaN && counts[neuron] > 1 {
            let duration = times[last[neuron]] - times[first[neuron]]
            if duration <= 0 { continue }
            let rate = Double(counts[neuron] - 1) / duration
            let distance = rate - targets[neuron]
            value += 0.5 * distance * distance
            errors[first[neuron]] = distance * rate / duration
            errors[last[neuron]] = -distance * rate / duration
        }
        return SpikeLoss(value: value, timeErrors: errors)
    }
}
