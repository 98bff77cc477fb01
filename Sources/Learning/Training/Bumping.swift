// Weight bumping: how silent neurons are brought back.
import Mathematics
import Networks

/// Which layer was bumped last, and by how much.
struct BumpState: Equatable {
    /// The layer, -1 if the last batch called for none.
    var layer = -1
    var amount = 0.0

    /// Doubling ends here: what still does not spike has no input, and its weights must stay within float64.
    static let largestFactor = 65536.0

    /// Turns to the first layer that is silent beyond its limit and not frozen. Returns its neurons to be bumped by `amount`; `nil` if there
    /// is none.
    mutating func next(_ options: WeightBumping, after batches: [BatchSpikes], isFrozen: [Bool]) -> [Bool]? {
        let samples = batches.reduce(0) { $0 + $1.sampleCount }
        guard options.amount > 0, samples > 0 else { return nil }
        for layer in isFrozen.indices where !isFrozen[layer] {
            let isLast = layer == isFrozen.count - 1
            var spiking = batches[0].samplesWithSpikes(layer: layer)
            // A read-out that does not spike.
            if spiking.isEmpty { continue }
            for batch in batches.dropFirst() {
                for (neuron, count) in batch.samplesWithSpikes(layer: layer).enumerated() { spiking[neuron] += count }
            }
            // Of each neuron how many samples it missed, or whether it missed all.
            let missed = spiking.map { spiked in
                options.ofPairs ? samples - spiked : (spiked == 0 ? 1 : 0)
            }
            let all = Double(spiking.count) * (options.ofPairs ? Double(samples) : 1)
            let fraction = Double(missed.reduce(0, +)) / all
            guard fraction > (isLast ? options.outputLimit : options.hiddenLimit) else { continue }
            amount = self.layer == layer ? min(2 * amount, options.amount * BumpState.largestFactor) : options.amount
            self.layer = layer
            return missed.map { $0 > 0 }
        }
        self = BumpState()
        return nil
    }
}

extension Network {
    /// Adds `amount` to all feed-forward weights of the marked neurons of a layer, as far as these are allowed to rise.
    mutating func raiseWeights(of marked: [Bool], layer: Int, by amount: Double) {
        for index in connections.indices where connections[index].target == layer && !connections[index].isRecurrent {
            let preCount = connections[index].preCount
            withMutableParameters(connection: index, isHeld: true) { weights, _ in
                for neuron in marked.indices where marked[neuron] {
                    for synapse in neuron * preCount..<(neuron + 1) * preCount { weights[synapse] += amount }
                }
            }
        }
    }
}
