// Whether a network fits an emulated SpiNNaker2, with how many copies, and what a training step would cost: answered without running it.
import ClockDriven
import Mathematics
import Networks
import SpiNNaker2

/// How active a network is taken to be: spikes per unit and sample.
public struct Activity: Equatable, Sendable {
    public static let defaultInput = 1.0
    public static let defaultNeurons = 0.2

    public var input = defaultInput
    /// Spikes per neuron and sample of each layer; the last number counts for all further layers.
    public var neurons = [defaultNeurons]

    public init() {}

    func of(population: Int) -> Double {
        population == 0 ? input : neurons.isEmpty ? 0 : neurons[min(population, neurons.count) - 1]
    }

    func check() throws(SpinnpropError) {
        for value in [input] + neurons where !(value >= 0 && value <= 1e6) {
            throw .invalidValue("the activity is \(value) spikes per unit and sample; it must be 0 .. 1e6")
        }
    }
}

extension BufferPlan {
    /// - Throws: `outOfMemory` if a sample's spikes overflow the tapes, or its sums, on average already.
    fileprivate func check(_ activity: Activity) throws(SpinnpropError) {
        for (population, size) in shape.sizes.enumerated() {
            let own = activity.of(population: population)
            let name = population == 0 ? "the input" : "layer \(population - 1)"
            guard Double(size) * own <= Double(tapeCapacity(units: size)) else {
                throw SpinnpropError(
                    .outOfMemory,
                    "\(size) units of \(name) with \(own) spikes a sample fill their tapes, which hold "
                        + "\(tapeCapacity(units: size)); raise spikes_per_neuron")
            }
            for connection in shape.connections where needsSampleGradient && connection.source == population {
                guard Double(size) * min(1, own) > Double(sampleRows(of: connection)) else { continue }
                throw SpinnpropError(
                    .outOfMemory,
                    "\(size) units of \(name) with \(own) spikes a sample are more than the \(sampleRows(of: connection)) "
                        + "senders that sums per sample have room for; raise active_senders")
            }
        }
    }
}

/// The answer of `SpiNNaker2Fit.init`. Times and energies are estimates that rest on the chip's constants, the programs' costs and `activity`.
public struct SpiNNaker2Fit: Equatable, Sendable {
    public let sizes: [Int]
    public let fits: Bool
    /// Why it does not fit; empty if it does.
    public let reason: String
    /// Copies side by side, PEs of each, optimiser PEs, and PEs used of those there are.
    public let copies: Int
    public let pesPerCopy: Int
    public let optimizerPEs: Int
    public let usedPEs: Int
    public let availablePEs: Int
    /// PEs each layer of a copy is cut over.
    public let slices: [Int]
    /// The largest buffer of the PE with the least memory left, and that PE's memory in bytes.
    public let tightestBuffer: String
    public let tightestProgram: String
    public let tightestBytes: Int
    public let sramUsed: Int
    public let sramAvailable: Int
    /// A training step with this batch: `rounds` samples are run one after another by a copy; chip time in seconds, energy in
    /// joules.
    public let batch: Int
    public let rounds: Int
    public let secondsPerStep: Double
    public let energyPerStep: Double
    /// Seconds of the phases forward, loss, backward, gather and update.
    public let phaseSeconds: [Double]
    /// Slips in a step: tick periods by which the busiest PE is expected to run over.
    public let slips: Int
    public let activity: Activity
    /// Of the options it is about.
    public let spikesPerNeuron: Double
    public let activeSenders: Double
    /// The sizes of the largest network of this shape that fits with these options: all hidden layers scaled alike.
    public private(set) var largest: [Int]

    public var meanPower: Double { secondsPerStep > 0 ? energyPerStep / secondsPerStep : 0 }

    /// - Parameters:
    ///   - sizes: units of the input, then neurons of each layer.
    ///   - batch: samples per step.
    ///   - options: `batchSize` is not read.
    /// - Throws: `invalidValue` for sizes no network has, or options out of their domain. A network that does not fit is an answer.
    public init(
        sizes: [Int], recurrent: Bool = false, batch: Int, options: SpiNNaker2Options, activity: Activity = Activity()
    ) throws(SpinnpropError) {
        guard sizes.count >= 2, sizes.allSatisfy({ $0 >= 1 && $0 <= 1 << 20 }) else {
            throw .invalidValue(
                "sizes are \(sizes); give an input and at least one layer, each of 1 .. \(1 << 20) units")
        }
        guard batch >= 1, batch <= Int(Int32.max) else {
            throw .invalidValue("batch is \(batch); it must be >= 1")
        }
        try activity.check()
        var options = options
        options.batchSize = batch
        try options.check()
        self.sizes = sizes
        self.batch = batch
        self.activity = activity
        (spikesPerNeuron, activeSenders) = (options.spikesPerNeuron, options.activeSenders)
        availablePEs = options.board.peCount
        sramAvailable = options.board.constants.dataBytes
        largest = SpiNNaker2Fit.largest(sizes, recurrent: recurrent, options: options, activity)
        let shape = NetworkShape(sizes: sizes, recurrent: recurrent)
        var layout: Layout?
        var refusal = ""
        do throws(SpinnpropError) {
            layout = try SpiNNaker2Fit.layout(shape, options, activity)
        } catch {
            refusal = error.message
        }
        reason = refusal
        guard let layout else {
            fits = false
            (copies, pesPerCopy, optimizerPEs, usedPEs, rounds, slips) = (0, 0, 0, 0, 0, 0)
            (tightestBuffer, tightestProgram, tightestBytes, sramUsed) = ("", "", 0, 0)
            (slices, phaseSeconds, secondsPerStep, energyPerStep) = ([], [], 0, 0)
            return
        }
        fits = true
        copies = layout.copies
        pesPerCopy = layout.cut.pesPerCopy
        optimizerPEs = layout.cut.chunks.count
        usedPEs = copies * pesPerCopy + optimizerPEs
        slices = Array(layout.cut.cuts.dropFirst())
        rounds = (batch + copies - 1) / copies
        let tightest = SpiNNaker2Fit.tightest(layout, options.board.constants)
        (tightestProgram, tightestBuffer, tightestBytes, sramUsed) = tightest
        let estimate = StepEstimate(layout, options, batch: batch, activity: activity)
        phaseSeconds = estimate.seconds
        secondsPerStep = estimate.seconds.reduce(0, +)
        slips = estimate.slips
        energyPerStep = estimate.energy(options, loadedPEs: copies * layout.cut.pesPerCopy + layout.cut.chunks.count)
    }

    /// The same for options as they are or, where a network does not fit those, with tapes and sums that have room for the activity.
    ///
    /// `largest` is the larger one of both.
    public static func roomy(
        sizes: [Int], recurrent: Bool = false, batch: Int, options: SpiNNaker2Options, activity: Activity = Activity()
    ) throws(SpinnpropError) -> SpiNNaker2Fit {
        let usual = try SpiNNaker2Fit(
            sizes: sizes, recurrent: recurrent, batch: batch, options: options, activity: activity)
        // The bound of both options is above 0.
        let most = max(1e-3, activity.neurons.reduce(activity.input, max))
        var options = options
        (options.spikesPerNeuron, options.activeSenders) = (most, min(1, most))
        let roomy = try SpiNNaker2Fit(
            sizes: sizes, recurrent: recurrent, batch: batch, options: options, activity: activity)
        var answer = usual.fits ? usual : roomy
        answer.largest = usual.largest.lexicographicallyPrecedes(roomy.largest) ? roomy.largest : usual.largest
        return answer
    }

    /// - Throws: as a run with such activity would.
    private static func layout(
        _ shape: NetworkShape, _ options: SpiNNaker2Options, _ activity: Activity
    ) throws(SpinnpropError) -> Layout {
        let layout = try Layout(shape, options)
        try layout.plan.check(activity)
        return layout
    }

    private static func tightest(
        _ layout: Layout, _ constants: SpiNNaker2Constants
    ) -> (program: String, buffer: String, bytes: Int, used: Int) {
        let (plan, cut) = (layout.plan, layout.cut)
        var candidates = [("input", plan.inputBuffers(cuts: cut.cuts)), ("loss", plan.lossBuffers)]
        for layer in 0..<plan.shape.layerCount {
            for slice in cut.slices[layer + 1] {
                candidates.append(
                    ("neurons of layer \(layer)", plan.neuronBuffers(layer: layer, slice: slice, cuts: cut.cuts)))
            }
        }
        for chunks in cut.chunks {
            let parameters = chunks.reduce(0) { $0 + $1.count }
            candidates.append(("optimizer", BufferPlan.optimizerBuffers(parameters: parameters)))
        }
        var worst = ("", "", 0, 0)
        for (name, buffers) in candidates where buffers.bytes(constants) > worst.3 {
            let largest = buffers.max { $0.bytes < $1.bytes }
            worst = (name, largest?.name ?? "", largest?.bytes ?? 0, buffers.bytes(constants))
        }
        return worst
    }

    /// The sizes of the largest network that fits: steps down to the first that does, and bisects between it and the step
    /// before.
    ///
    /// What fits is not quite monotonic: a larger layer may be cut into smaller slices, which leave room for longer tapes.
    private static func largest(
        _ sizes: [Int], recurrent: Bool, options: SpiNNaker2Options, _ activity: Activity
    ) -> [Int] {
        let widest = sizes.dropFirst().dropLast().max() ?? 1
        /// The sizes with `units` neurons in the widest hidden layer.
        func scaled(_ units: Int) -> [Int] {
            sizes.enumerated().map { index, size in
                index == 0 || index == sizes.count - 1 ? size : max(1, size * units / widest)
            }
        }
        func fits(_ units: Int) -> Bool {
            (try? layout(NetworkShape(sizes: scaled(units), recurrent: recurrent), options, activity)) != nil
        }
        // Without hidden layers there is one size.
        var low = sizes.count > 2 ? 1 << 20 : 1
        var high = low + 1
        while low > 0, !fits(low) {
            // A 64th at a time, and not past what is asked for.
            let next = low - (low + 63) / 64
            (low, high) = (low > widest ? max(next, widest) : next, low)
        }
        guard low > 0 else { return [] }
        while high - low > 1 {
            let middle = (low + high) / 2
            if fits(middle) { low = middle } else { high = middle }
        }
        return scaled(low)
    }
}
