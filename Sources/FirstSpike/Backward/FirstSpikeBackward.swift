// Backward through the samples of a recording: from errors of spikes to gradients, layer by layer.
import Mathematics
import Networks
import Spikes

/// One backward run: what its parts share, and where each leaves what it adds up.
final class FirstSpikeBackward: @unchecked Sendable {
    let layers: [FirstSpikeLayer]
    let recording: Recording
    let objective: Objective
    let options: FirstSpikeOptions
    let rate: RateErrors
    let given: PlacedErrors?
    let scale: Double
    let inputErrors: InputErrors
    private let network: Network
    private let monitor: Monitor?
    private let sums: [GradientSums]

    init(
        _ network: Network, _ recording: Recording, _ objective: Objective, _ options: FirstSpikeOptions,
        _ layers: [FirstSpikeLayer], _ monitor: Monitor?, memory: GradientMemory = GradientMemory()
    ) throws(SpinnpropError) {
        try objective.check(network, sampleCount: recording.sampleCount)
        try objective.checkFirstSpike(sampleCount: recording.sampleCount, outputCount: network.outputCount)
        (self.network, self.recording, self.objective, self.options) = (network, recording, objective, options)
        (self.layers, self.monitor) = (layers, monitor)
        let parts = recording.partition.count
        let width = layers.reduce(0) { $0 + $1.weights.count + $1.delays.count }
        try Memory.product(
            width, parts, bytesPerElement: MemoryLayout<Double>.stride, "the gradients of \(parts) parts of the batch")
        sums = try memory.sums(layers, parts: parts)
        scale = 1 / Double(max(1, recording.sampleCount))
        rate = RateErrors(objective.rate, recording)
        given = try PlacedErrors(objective, recording)
        inputErrors = try InputErrors(objective, recording)
    }

    func worker() throws(SpinnpropError) -> BackwardWorker { try BackwardWorker(self, monitor) }

    func run() throws(SpinnpropError) {
        let workers = WorkerPool { [self] () throws(SpinnpropError) in try worker() }
        try parallelLoop(parts: recording.partition.count, monitor: monitor) { (part) throws(SpinnpropError) in
            try workers.withWorker { (worker) throws(SpinnpropError) in try run(part, worker) }
        }
    }

    func run(_ part: Int, _ worker: BackwardWorker) throws(SpinnpropError) {
        try worker.run(part: part, sums: sums[part])
    }

    /// Whether there was a sample.
    var hasParts: Bool { !sums.isEmpty }

    /// The gradients of a layer's weights and delays as it has them, once all parts have been run.
    func total(_ layer: FirstSpikeLayer) -> (
        weights: UnsafeMutablePointer<Double>, delays: UnsafeMutablePointer<Double>
    ) { GradientSums.total(sums, layer) }

    /// What the parts have added up of the loss.
    var result: BatchResult {
        var judged = JudgedSum()
        for own in sums { judged.add(own.judged) }
        if let given { judged.add(given.judged) }
        return BatchResult(recording, value: judged.value * scale + (given?.value ?? 0) + rate.value, judged)
    }

    /// What the parts have added up, in the shape of the parameters.
    func gradients() throws(SpinnpropError) -> Gradients {
        try network.checkRoom("the gradients")
        var gradients = Gradients(zerosFor: network)
        let poller = Poller(monitor)
        for layer in layers where hasParts {
            let total = total(layer)
            for own in layer.sources {
                gradients.weights[own.connection] = own.weights.at(total.weights + own.weightOffset).values
                gradients.delays[own.connection] = own.delays.at(total.delays + own.delayOffset).values
            }
            if poller.isStopped(after: 4 * layer.weights.count) { throw .cancelled }
        }
        if let monitor, monitor.isStopped { throw .cancelled }
        try gradients.take(result, inputErrors, of: network)
        return gradients
    }
}
