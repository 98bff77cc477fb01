// Derivatives of a loss with respect to everything that can be trained.
import Neurons

/// Gradients of the batch mean of a loss; arrays are shaped like the parameters they belong to.
public struct Gradients: Sendable {
    /// Derivatives with respect to weights, one array per connection of the network.
    public var weights: [[Double]]
    /// Derivatives with respect to delays, per second, one array per connection; empty where there are no delays.
    public var delays: [[Double]]
    /// Derivatives with respect to input spike times, per second, in the order in which the input came; empty if not asked for.
    public var inputTimes: [Double]
    /// Derivatives with respect to neuron parameters, one set per layer with one element per neuron, also where all neurons share a
    /// parameter: the derivative of a shared one is their sum. Empty if not asked for.
    public var neurons: [LIFParameters] = []
    /// The batch mean of the loss.
    public var value = 0.0
    /// Samples that added nothing because the loss could not see them (a silent label neuron, or nothing but silent
    /// outputs where targets are given, or where a loss of whole batches looks at spikes).
    public var skippedCount = 0
    /// `SampleResult.missing` times the samples' weights, added up.
    public var missingWeight = 0.0
    /// Samples whose prediction equals their label.
    public var correctCount = 0

    /// What a loss of whole batches said of the recording; `nil` for other losses.
    public var batchErrors: GivenErrors?

    public init(zerosFor network: Network) {
        weights = network.connections.map { [Double](repeating: 0, count: $0.weights.count) }
        delays = network.connections.map { [Double](repeating: 0, count: $0.delays.count) }
        inputTimes = []
    }

    /// Adds those of a recording of the same network, times a factor.
    mutating func add(_ other: Gradients, times factor: Double) {
        func add(_ sum: inout [Double], _ own: [Double]) {
            for index in sum.indices { sum[index] += factor * own[index] }
        }
        for index in weights.indices {
            add(&weights[index], other.weights[index])
            add(&delays[index], other.delays[index])
        }
        for layer in neurons.indices {
            for field in LIFParameters.fields {
                add(&neurons[layer][keyPath: field.path], other.neurons[layer][keyPath: field.path])
            }
        }
    }

    /// Multiplies all by a factor.
    mutating func scale(by factor: Double) {
        func scale(_ own: inout [Double]) {
            for index in own.indices { own[index] *= factor }
        }
        for index in weights.indices {
            scale(&weights[index])
            scale(&delays[index])
        }
        for layer in neurons.indices {
            for field in LIFParameters.fields { scale(&neurons[layer][keyPath: field.path]) }
        }
    }

    /// Whether there is an element for each parameter of a network, of neuron parameters unless there are none.
    public func isShaped(like network: Network) -> Bool {
        weights.map(\.count) == network.connections.map(\.weights.count)
            && delays.map(\.count) == network.connections.map(\.delays.count)
            && (neurons.isEmpty
                || neurons.count == network.layers.count
                    && zip(neurons, network.layers).allSatisfy { own, layer in
                        LIFParameters.fields.allSatisfy { own[keyPath: $0.path].count == layer.neuronCount }
                    })
    }
}
