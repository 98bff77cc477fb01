// Initial phases, given or drawn, as times that remain until the first spike.
import Mathematics

extension SparseNetwork {
    /// How far a neuron's phase moves in a membrane time constant.
    func phaseVelocity<K: Kernel>(_ kernel: K, _ neuron: Int) -> Double {
        (model.threshold - model.reset) / kernel.period(neuron)
    }

    /// Hands over membrane time constants until each neuron spikes from its phase; phases drawn if none are given.
    ///
    /// - Throws: `invalidValue` for a phase that is not below the threshold, or too far below it; `cancelled`.
    func remainingTimes<K: Kernel>(
        _ kernel: K, phases: [Double], _ poller: Poller, _ take: (_ neuron: Int, _ remaining: Double) -> Void
    ) throws(SpinnpropError) {
        let (threshold, reset) = (model.threshold, model.reset)
        var stream = RandomStream(seed: seed, stream: 1)
        let isUniform = drives.count == 1
        let common = phaseVelocity(kernel, 0)
        for neuron in 0..<neuronCount {
            let phase = phases.isEmpty ? reset + stream.uniform() * (threshold - reset) : phases[neuron]
            let velocity = isUniform ? common : phaseVelocity(kernel, neuron)
            // A quadratic neuron is never below its reset; the others could be, by more than a key can hold.
            let lowest = model == .qif ? reset : threshold - 200 * velocity
            guard phase < threshold, phase >= lowest else {
                throw .invalidValue(
                    "initial phase \(neuron) is \(phase); phases of this \(model.name) neuron are at least \(lowest) and "
                        + "below \(threshold)")
            }
            take(neuron, (threshold - phase) / velocity)
            if neuron % 4096 == 4095 { try poller.spend(16 * 4096) }
        }
    }
}
