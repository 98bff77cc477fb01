// What a batch of training gave, as numbers that travel from who ran it to who takes the step.
import Mathematics
import Networks
import Neurons

/// The order of these numbers: the value, how many samples there were, were right, were skipped, and the weight of answers that are not there; spikes of each layer;
/// for bumping, in how many samples each neuron of each spiking layer spiked; derivatives of weights and then of delays, connection by connection; where
/// neurons are trained those of their parameters, layer by layer.
struct BatchNumbers {
    let network: Network
    let withNeurons: Bool
    let forBumping: Bool

    private static let counts = 5

    /// How many numbers there are.
    func count() throws(SpinnpropError) -> Int {
        let layers = network.layers
        let neurons = layers.reduce(0) { $0 + $1.neuronCount }
        let synapses = network.connections.reduce(0) { $0 + $1.weights.count + $1.delays.count }
        let all =
            BatchNumbers.counts + layers.count + synapses
            + (forBumping ? neurons : 0) + (withNeurons ? neurons * LIFParameters.fields.count : 0)
        try Memory.check(count: all, bytesPerElement: MemoryLayout<Double>.stride, "what a batch gives")
        return all
    }

    func numbers(_ result: BatchResult, _ gradients: Gradients) throws(SpinnpropError) -> [Double] {
        let spikes = result.spikes
        var all: [Double] = []
        all.reserveCapacity(try count())
        all.append(result.value)
        let counted = [spikes.sampleCount, result.correctCount, result.skippedCount]
        all += counted.map(Double.init) + [result.missingWeight] + spikes.counts.map(Double.init)
        if forBumping {
            for (layer, own) in network.layers.enumerated() {
                let active = spikes.samplesWithSpikes(layer: layer)
                all += active.isEmpty ? [Double](repeating: 0, count: own.neuronCount) : active.map(Double.init)
            }
        }
        for own in gradients.weights { all += own }
        for own in gradients.delays { all += own }
        if withNeurons {
            for own in gradients.neurons {
                for field in LIFParameters.fields { all += own[keyPath: field.path] }
            }
        }
        return all
    }

    /// - Throws: `invalidValue` for numbers that are not those of a batch of so many samples. Whether derivatives are finite the optimiser looks at.
    func read(_ all: [Double], sampleCount: Int) throws(SpinnpropError) -> (BatchResult, Gradients) {
        guard all.count == (try count()) else {
            throw .invalidValue("a batch gave \(all.count) numbers; there must be \(try count())")
        }
        var place = 0
        func next(_ count: Int) -> [Double] {
            defer { place += count }
            return Array(all[place..<place + count])
        }
        func whole(_ count: Int, atMost limit: Double) throws(SpinnpropError) -> [Int] {
            var found: [Int] = []
            for number in next(count) {
                guard number >= 0, number <= limit, number.rounded() == number else {
                    throw .invalidValue(
                        "a batch of \(sampleCount) samples gave the count \(number); hand over what spinnprop_trainer_batch wrote"
                    )
                }
                found.append(Int(number))
            }
            return found
        }
        var made = Gradients(zerosFor: network)
        made.value = next(1)[0]
        let counted = try whole(3, atMost: Double(sampleCount))
        guard counted[0] == sampleCount else {
            throw .invalidValue(
                "a batch of \(sampleCount) samples gave the numbers of one of \(counted[0]); hand over each batch's own"
            )
        }
        (made.correctCount, made.skippedCount, made.missingWeight) = (counted[1], counted[2], next(1)[0])
        guard made.missingWeight >= 0 else {
            throw .invalidValue(
                "a batch gave the weight \(made.missingWeight) of missing answers; hand over what spinnprop_trainer_batch wrote"
            )
        }
        // Whole numbers are exact so far.
        let spikes = try whole(network.layers.count, atMost: 0x1p53)
        var active: [[Int]] = []
        if forBumping {
            for layer in network.layers {
                let own = try whole(layer.neuronCount, atMost: Double(sampleCount))
                active.append(layer.isSpiking ? own : [])
            }
        }
        for index in made.weights.indices { made.weights[index] = next(made.weights[index].count) }
        for index in made.delays.indices { made.delays[index] = next(made.delays[index].count) }
        if withNeurons {
            made.neurons = network.layers.map { layer in
                var own = layer.parameters
                for field in LIFParameters.fields { own[keyPath: field.path] = next(layer.neuronCount) }
                return own
            }
        }
        let counts = BatchSpikes(sampleCount: sampleCount, counts: spikes, samplesWithSpikes: active)
        return (BatchResult(counts, made), made)
    }
}
