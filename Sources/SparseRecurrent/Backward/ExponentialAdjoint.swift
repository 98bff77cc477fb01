// The backward pass of LIF neurons: inputs add to keys, so that no state has to be known.
import Mathematics

extension Adjoint where K: ExponentialKeys {
    /// z_j <- E (1 + I) / I, z_i <- z_i - w E / I_i, t = tau ln E.
    func runExponential() throws(SpinnpropError) {
        let lambda = lambda.pointer
        let (gradient, stride) = (weightGradient.pointer, weightStride)
        let rows = replay.rows
        if let final = tape.final {
            let clock = tape.finalClock
            for neuron in 0..<recording.network.neuronCount {
                if final.keys[neuron] < clock {
                    // Over its threshold when the run ended: it spikes with the avalanche that pushed it.
                    carry += lambda[neuron] / clock
                    lambda[neuron] = 0
                } else {
                    // lambda comes as a derivative with respect to ln z.
                    lambda[neuron] /= final.keys[neuron]
                }
            }
        }
        var event = tape.eventCount
        while event > 0 {
            event &-= 1
            while let rebasing = takeRebasing(after: event) {
                for neuron in 0..<recording.network.neuronCount { lambda[neuron] *= rebasing.factor }
            }
            let (cause, clock) = (Int(tape.events[event]), tape.clocks[event])
            if cause < 0 {
                let unit = Int(recording.options.inputs.units[~cause])
                let effect = lambda[unit] * kernel.minusInverseDrive(unit)
                inputWeights[~cause] = effect * clock
                inputTimes[~cause] =
                    (carry + recording.options.inputs.weights[~cause] * effect) * clock / recording.network.tau
                carry = 0
                continue
            }
            let (row, count, first) = (rows.targets(cause), rows.length(cause), rows.first(cause))
            var index = 0
            var sum = 0.0
            if stride == 0 {
                while index < count {
                    let target = Int(row[index])
                    sum += lambda[target] * kernel.minusInverseDrive(target)
                    index &+= 1
                }
                gradient[0] += sum * clock
                sum *= replay.weight(0, 0)
            } else {
                while index < count {
                    let target = Int(row[index])
                    let effect = lambda[target] * kernel.minusInverseDrive(target)
                    sum += effect * replay.weight(first, index)
                    gradient[first &+ index] += effect * clock
                    index &+= 1
                }
            }
            let p = takeTimeError() / clock + lambda[cause] * kernel.resetRatio(cause) + sum
            if takeForced(event) {
                lambda[cause] = 0
                carry += p
            } else {
                lambda[cause] = p + carry
                carry = 0
            }
            try spend(count)
        }
    }
}
