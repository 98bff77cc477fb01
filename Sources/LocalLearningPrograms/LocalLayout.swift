// Which processing elements a network that learns by BioGrad takes.
import LocalLearning
import Mathematics
import SpiNNaker2
import SpiNNaker2Programs

struct LocalLayout: Sendable {
    let plan: LocalPlan
    /// The slices of each layer. The input is never cut.
    let slices: [[Slice]]
    /// The processing elements of each copy: input, slices layer by layer, error neurons.
    let copyPEs: [[Int]]
    let keys: KeyLayout

    var shape: LocalShape { plan.shape }
    var copies: Int { copyPEs.count }

    /// - Throws: `outOfMemory` for what does not fit, `invalidValue` for copies that would have nothing to do.
    init(_ shape: LocalShape, _ options: SpiNNaker2Options) throws(SpinnpropError) {
        if let copies = options.copies, copies > shape.parts {
            throw .invalidValue(
                "copies is \(copies); batches of \(shape.batch) samples are learnt in \(shape.parts) parts, so at most "
                    + "\(shape.parts) copies have something to do: use copies = \(shape.parts) or fewer, or \"auto\"")
        }
        // With a copy for every part no second sum is needed, and more copies may fit.
        let wanted = options.copies ?? shape.parts
        if wanted == shape.parts, let roomy = try? LocalLayout(shape, options, copies: wanted, needsSum: false),
            roomy.copies == wanted
        {
            self = roomy
        } else {
            self = try LocalLayout(shape, options, copies: wanted, needsSum: shape.parts > 1)
        }
    }

    private init(
        _ shape: LocalShape, _ options: SpiNNaker2Options, copies wanted: Int, needsSum: Bool
    ) throws(SpinnpropError) {
        let constants = options.board.constants
        let plan = LocalPlan(
            shape: shape, credit: options.credit, fifoPackets: options.fifoPackets, needsSum: needsSum,
            needsStaging: wanted > 1)
        var slices: [[Slice]] = []
        for layer in 0..<shape.layerCount {
            slices.append(
                try Cut.slices(
                    neurons: shape.sizes[layer + 1], layer: layer, constants: constants,
                    largestSlice: options.largestSlice, remedy: "use fewer senders or fewer steps"
                ) { slice, _ in plan.neuronBuffers(layer, slice, copy: 0) })
        }
        try plan.inputBuffers.check(
            "the input program needs", constants, remedy: "use fewer inputs or fewer steps")
        try plan.errorBuffers.check("the error program needs", constants, remedy: "use fewer outputs")
        let pesPerCopy = slices.reduce(2) { $0 + $1.count }
        let places = try Places(pesPerCopy: pesPerCopy, optimizers: 0, options).copies
        let needed = options.copies ?? 1
        guard places.count >= needed else {
            let shown = shape.sizes.map(String.init).joined(separator: "-")
            throw SpinnpropError(
                .outOfMemory,
                "\(needed) \(needed == 1 ? "copy" : "copies") of \(shown) for BioGrad need \(pesPerCopy) PEs each "
                    + "(\(slices.map { String($0.count) }.joined(separator: " + ")) for the layers) and \(options.board.chipCount) "
                    + "chips have \(options.board.peCount) with room for \(places.count); use "
                    + "\(needed == 1 ? "" : "fewer copies, ")a smaller network or more chips")
        }
        (self.plan, self.slices) = (plan, slices)
        copyPEs = Array(places.prefix(wanted))
        // Spikes of either sign; keys of errors have an output in place of a neuron.
        keys = try KeyLayout(
            copies: copyPEs.count, populations: 2 * shape.sizes.count, slices: slices.map(\.count).max() ?? 1,
            sliceWidth: max(shape.sizes[0], shape.outputCount, slices.joined().map(\.width).max() ?? 1), blocks: 1)
    }

    func inputPE(_ copy: Int) -> Int { copyPEs[copy][0] }
    func errorPE(_ copy: Int) -> Int { copyPEs[copy][copyPEs[copy].count - 1] }

    /// The processing elements of a layer's slices, in order.
    func pes(_ copy: Int, layer: Int) -> [Int] {
        let start = 1 + slices[..<layer].reduce(0) { $0 + $1.count }
        return Array(copyPEs[copy][start..<start + slices[layer].count])
    }
}

/// Where a program stands.
struct LocalPlace {
    let copy: Int
    let shape: LocalShape
    let keys: KeyLayout
    let costs: ProgramCosts
    let credit: LocalCredit

    /// What a population's slice sends: spikes; in sleep, of either sign.
    func spikes(population: Int, slice: Int, isNegative: Bool = false) -> KeyRange {
        keys.spikes(copy: copy, population: population + (isNegative ? shape.sizes.count : 0), slice: slice)
    }

    /// All errors: of the output's population, as if it were one slice.
    var errors: KeyRange { keys.errors(copy: copy, population: shape.layerCount, slice: 0) }

    func error(output: Int, isNegative: Bool) -> UInt32 {
        errors.key | keys.errorTail(isRecurrent: isNegative, index: output, block: 0)
    }
}
