// Derivatives that somebody else has taken, which gradient rules take further back.
import Mathematics

/// What a function of a recording's numbers says of each of them; whoever wrote the function has differentiated it.
///
/// In place of a loss they make an `Objective` whose gradient is that vector times the recording's Jacobian: nothing is divided by the
/// number of samples.
public struct GivenErrors: Equatable, Sendable {
    /// For each layer the derivative with respect to the time of each of its spikes (1/s), in the order of `LayerRecording.spikes`; of a leaky
    /// read-out with respect to each maximum, (sample, neuron). An empty array stands for zeros.
    public var layers: [[Double]]
    /// When the membranes of a leaky read-out were read, seconds, in any order.
    public var times: [Double]
    /// The derivative with respect to each membrane that was read, (sample, time, neuron).
    public var membranes: [Double]
    /// The derivative with respect to each integral of the membranes of a leaky read-out, (sample, neuron), with the weight's time constant `integralTau`
    /// (seconds; +infinity: a weight of 1). An empty array stands for zeros.
    public var integrals: [Double]
    public var integralTau: Double

    /// `nil` where no integral has an error.
    public var usedIntegralTau: Double? { integrals.isEmpty ? nil : integralTau }

    public init(
        layers: [[Double]], times: [Double] = [], membranes: [Double] = [], integrals: [Double] = [],
        integralTau: Double = .infinity
    ) {
        self.layers = layers
        self.times = times
        self.membranes = membranes
        self.integrals = integrals
        self.integralTau = integralTau
    }

    /// - Throws: `invalidValue` for arrays of the wrong size, and for values that are not finite.
    func check(_ recording: Recording) throws(SpinnpropError) {
        guard layers.count == recording.layers.count else {
            throw .invalidValue(
                "errors of \(layers.count) layers for a recording of \(recording.layers.count); give one array per layer"
            )
        }
        for (index, (errors, layer)) in zip(layers, recording.layers).enumerated() {
            let needed = layer.isSpiking ? layer.spikeCount : layer.maxima.count
            guard errors.isEmpty || errors.count == needed else {
                throw .invalidValue(
                    "\(errors.count) errors for the \(needed) \(layer.isSpiking ? "spikes" : "maxima") of layer \(index); give one for each"
                )
            }
            for (n, error) in errors.enumerated() where !error.isFinite {
                throw .invalidValue("error \(n) of layer \(index) is \(error); errors must be finite")
            }
        }
        let output = recording.outputLayer
        if !integrals.isEmpty {
            try recording.checkIntegral(tau: integralTau)
            guard integrals.count == output.maxima.count else {
                throw .invalidValue(
                    "\(integrals.count) errors for \(output.maxima.count) integrals; give one for each sample and output"
                )
            }
            for (n, error) in integrals.enumerated() where !error.isFinite {
                throw .invalidValue("error \(n) of integrals is \(error); errors must be finite")
            }
        }
        guard !times.isEmpty || !membranes.isEmpty else { return }
        guard !output.isSpiking else {
            throw .unsupported(
                "errors of membranes are for a leaky read-out, and this read-out spikes; give errors of its spikes")
        }
        let (needed, overflow) = output.maxima.count.multipliedReportingOverflow(by: times.count)
        guard !overflow, membranes.count == needed else {
            throw .invalidValue(
                "\(membranes.count) errors for \(output.maxima.count) membranes at \(times.count) times; give one for each"
            )
        }
        for (n, time) in times.enumerated() { try recording.checkReading(time, n) }
        for (n, error) in membranes.enumerated() where !error.isFinite {
            throw .invalidValue("error \(n) of membranes is \(error); errors must be finite")
        }
    }
}

extension Recording {
    /// - Throws: `invalidValue` for a time at which no membrane can be read.
    package func checkReading(_ time: Double, _ index: Int) throws(SpinnpropError) {
        guard time >= 0, time < .infinity, time <= endTime else {
            throw .invalidValue(
                "time \(index) is \(time) s; it must be finite and within the run, 0 .. \(endTime) s")
        }
    }
}

/// Of rules that know membranes at no times but their own.
public func noMembranes(_ values: OutputValues) throws(SpinnpropError) -> [Double] {
    throw .unsupported(
        "membranes at given times, or their integrals, are asked for, which the gradient rule of engine \"event\" alone reads and differentiates; use that engine, or a "
            + "loss on maxima")
}

/// Given errors laid along a recording's parts; gradient rules add them sample by sample.
public struct PlacedErrors: Sendable {
    public let given: GivenErrors
    /// What a loss of whole batches says; 0 where errors are given.
    public let value: Double
    /// What is counted beside it.
    public let judged: JudgedSum
    /// For each layer and part, where the part's errors begin.
    private let starts: [[Int]]
    private let neuronCounts: [Int]
    private let isSpiking: [Bool]
    private let firstSamples: [Int]

    /// - Returns: `nil` where a loss is to be asked sample by sample: unless the objective has errors in place of a loss, or one of whole batches,
    ///   which is asked here.
    public init?(
        _ objective: Objective, _ recording: Recording, membranes: MembraneReader = noMembranes
    ) throws(SpinnpropError) {
        if let loss = objective.loss as? any BatchLoss {
            (value, given, judged) = try objective.judge(loss, recording, membranes)
        } else if let own = objective.given {
            try own.check(recording)
            (value, given, judged) = (0, own, JudgedSum())
        } else {
            return nil
        }
        starts = recording.layers.map { layer in
            var start = 0
            return layer.segments.map { segment in
                defer { start += segment.count }
                return start
            }
        }
        neuronCounts = recording.layers.map(\.neuronCount)
        isSpiking = recording.layers.map(\.isSpiking)
        firstSamples = recording.partition.map(\.lowerBound)
    }

    /// Adds those of the read-out's integrals in one sample.
    public func addIntegrals(to errors: UnsafeMutablePointer<Double>, sample: Int) {
        guard !given.integrals.isEmpty, let count = neuronCounts.last else { return }
        for n in 0..<count { errors[n] += given.integrals[sample * count + n] }
    }

    /// Adds those of a layer in one sample. - Parameter spikes: the sample's, in the part's segment of the layer.
    public func add(
        to errors: UnsafeMutablePointer<Double>, layer: Int, part: Int, index: Int, spikes: Range<Int>
    ) {
        let own = given.layers[layer]
        guard !own.isEmpty else { return }
        let start =
            isSpiking[layer]
            ? starts[layer][part] + spikes.lowerBound : (firstSamples[part] + index) * neuronCounts[layer]
        own.withUnsafeBufferPointer { own in
            for n in 0..<(isSpiking[layer] ? spikes.count : neuronCounts[layer]) { errors[n] += own[start + n] }
        }
    }
}
