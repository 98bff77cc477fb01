// What of a network and its options decides how BioGrad's programs are laid out, and the phases they run in.
import LocalLearning
import Mathematics
import SpiNNaker2
import SpiNNaker2Programs

/// The phases of the machine.
enum LocalPhase: Int, CaseIterable {
    /// Samples step by step, each layer a tick behind the one before it; error neurons answer while they run.
    case forward
    /// Errors that wait for a sample's final counts.
    case error
    /// Every neuron's credit, each processing element by itself.
    case credit
    /// Gradients of the copies to the first of them.
    case gather
    /// New weights, and their way to all copies.
    case update
    case sleep
    /// New feedback weights, likewise.
    case align

    var name: String { String(describing: self) }
    var needsPackets: Bool { self == .forward || self == .error || self == .sleep }
}

/// Populations are numbered with the input as 0 and layer l as l + 1.
struct LocalShape: Equatable, Sendable {
    let sizes: [Int]
    let steps: Int
    let errorSteps: Int
    /// Samples of a batch, at most.
    let batch: Int
    /// Whether errors come as numbers, not as spikes.
    let isExact: Bool
    /// Steps of a sleep, 0 where there is none.
    let sleepSteps: Int

    /// - Throws: `unsupported` for what no program does.
    init(_ network: LocalNetwork, _ options: LocalOptions) throws(SpinnpropError) {
        guard options.rule != .bptt else {
            throw .unsupported(
                "rule \"bptt\" sends errors back through the weights, which no program of BioGrad's does; use rule "
                    + "\"biograd\" or \"exact-error\", or the host")
        }
        guard !options.integer else {
            throw .unsupported("BioGrad's programs compute in float32; leave integer out, or use the host")
        }
        sizes = network.sizes
        (steps, errorSteps, batch) = (options.steps, options.errorSteps, options.batchSize)
        isExact = options.rule == .exactError
        sleepSteps = options.sleeps && network.layers.count > 1 ? options.sleepSteps : 0
        try checkSleep(options)
    }

    /// Sums of a sleep are whole numbers of 32 bits, and of 53 in a float64: any order gives the same.
    private func checkSleep(_ options: LocalOptions) throws(SpinnpropError) {
        let correlation = Double(batch) * Double(sleepSteps) * Double(sleepSteps)
        var powers = Double(batch)
        for _ in 0..<options.sleepPower { powers *= Double(sleepSteps) }
        guard correlation < 0x1p31, powers < 0x1p53 else {
            throw .unsupported(
                "a sleep of \(sleepSteps) steps and \(batch) samples could count to \(correlation) and, with sleep_power "
                    + "\(options.sleepPower), to \(powers); the chip's sums hold \(0x1p31) and \(0x1p53): use fewer sleep_steps"
            )
        }
    }

    var layerCount: Int { sizes.count - 1 }
    var outputCount: Int { sizes[sizes.count - 1] }
    /// Into so many parts a batch is cut, and so many copies have something to do.
    var parts: Int { LocalBatch.partCount(batch) }

    func isHidden(_ layer: Int) -> Bool { layer < layerCount - 1 }

    /// Ticks until the last layer's errors have come back to all layers.
    var forwardTicks: Int { steps + layerCount + 2 }
    /// Ticks of a dream that begins in a layer, until what the output makes of it has come back there.
    func sleepTicks(from layer: Int) -> Int { sleepSteps + (layerCount - 1 - layer) + 2 }
}

/// A run under way: a batch, or a sleep. Each copy runs the samples of a range, one after another.
final class LocalJob: @unchecked Sendable {
    let options: LocalOptions
    let monitor: Monitor?
    /// `nil`: a sleep.
    let batch: LocalBatch?
    /// Which samples each copy runs.
    var ranges: [Range<Int>] = []
    /// By sample: the loss; spikes of each output, and of each layer.
    let losses: Block<Double>
    let counts: Block<Int32>
    let spikes: Block<Int>
    /// The layer that dreams, and the number of the sleep.
    let dreamLayer: Int
    let sleep: Int

    init(
        _ shape: LocalShape, _ options: LocalOptions, batch: LocalBatch?, dreamLayer: Int = -1, sleep: Int = 0,
        monitor: Monitor?
    ) throws(SpinnpropError) {
        (self.options, self.batch, self.monitor) = (options, batch, monitor)
        (self.dreamLayer, self.sleep) = (dreamLayer, sleep)
        let count = batch?.count ?? 0
        try Memory.check(
            count: count * (shape.outputCount + shape.sizes.count), bytesPerElement: 2 * MemoryLayout<Double>.stride,
            "the chip's answers")
        losses = try Block(count)
        counts = try Block(count * shape.outputCount)
        spikes = try Block(count * shape.layerCount)
        try losses.clear(count)
        try counts.clear(count * shape.outputCount)
        try spikes.clear(count * shape.layerCount)
    }

    var rounds: Int { ranges.map(\.count).max() ?? 0 }

    /// `nil` if the copy has none left.
    func sample(copy: Int, round: Int) -> Int? {
        guard copy < ranges.count, round < ranges[copy].count else { return nil }
        return ranges[copy].lowerBound + round
    }
}
