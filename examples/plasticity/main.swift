// A plasticity program of one's own on an array of an emulated BrainScaleS-2, in Swift: swift run -c release plasticity
import Spinnprop

/// Spike-timing dependent plasticity: weights grow by spikes of the sender that come before the neuron's, and fall by those that come after.
final class SpikeTiming: PlasticityProgram {
    let rate: Fraction

    init(rate: Double) { self.rate = Fraction(rate) }

    func run(on processor: PlasticityProcessor) throws(SpinnpropError) {
        for sender in 0..<processor.senderCount {
            let (causal, acausal) = try processor.correlations(of: sender)
            let change = processor.product(processor.difference(causal, acausal), rate)
            processor.setWeights(of: sender, processor.sum(processor.weights(of: sender), change))
        }
        try processor.resetCorrelations()
    }
}

// Source 0 has all neurons fire, source 1 comes 5 ms later; every 100 ms the program runs.
var options = ArrayOptions()
(options.neuronCount, options.sourceCount, options.hasSensors) = (32, 2, true)
var neurons = ArrayNeurons()
(neurons.gain, neurons.refractory) = ([0.2], [2e-3])
let array = try NeuronArray(on: BrainScaleS2Chip(), options, neurons, signs: [1, 1])
try [Int8](repeating: 30, count: 2 * 32).withUnsafeBufferPointer { (weights) throws(SpinnpropError) in
    try array.setWeights(weights)
}
let pairs = (0..<50).map { 20e-3 * Double($0) }
let input = try SpikeTrains(
    times: pairs.flatMap { [$0, $0 + 5e-3] }, units: pairs.flatMap { _ in [0, 1] }, offsets: [0, 100], unitCount: 2)
var run = ArrayRunOptions()
(run.duration, run.period) = (1, 0.1)
try array.run(input, run, program: SpikeTiming(rate: 0.02))

try array.withWeights { (weights) throws(SpinnpropError) in
    for source in 0..<2 {
        let own = weights[source * 32..<(source + 1) * 32]
        print("source \(source): mean weight \(own.reduce(0) { $0 + Int($1) } / 32)")
    }
}
let account = array.account
print("\(account.calls) calls, \(account.seconds) s of the chip (estimated), \(account.overruns) too long")
