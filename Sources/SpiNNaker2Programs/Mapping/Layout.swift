// Which processing elements a network takes: how many copies, and where each part of them goes.
import Mathematics
import Networks
import SpiNNaker2

/// What runs on one PE, as a plain value.
public struct PlacedProgram: Equatable, Sendable {
    public let pe: Int
    public let chip: Int
    public let position: MeshPosition
    /// "input", "neurons", "loss" or "optimizer".
    public let program: String
    /// The copy of the network it belongs to; -1 for an optimiser.
    public let copy: Int
    /// The layer of a neuron program; -1 for all others.
    public let layer: Int
    /// The units of the layer, the input or the output that it looks after; parameters of an optimiser.
    public let firstUnit: Int
    public let unitCount: Int
    /// Its buffers in the order in which they lie in SRAM, with their sizes in bytes.
    public let bufferNames: [String]
    public let bufferBytes: [Int]
    public let sramUsed: Int
    public let sramHighWater: Int
}

/// A network's place on a board, before anything is built.
struct Layout: Sendable {
    let plan: BufferPlan
    let cut: Cut
    let copies: Int
    let keys: KeyLayout
    /// The PEs of each copy: input, slices layer by layer, loss.
    let copyPEs: [[Int]]
    let optimizerPEs: [Int]

    /// - Throws: `outOfMemory` for copies that do not fit.
    init(_ shape: NetworkShape, _ options: SpiNNaker2Options) throws(SpinnpropError) {
        // With a copy for every sample no sums per sample are needed, and more may fit.
        if let batch = options.batchSize, options.copies ?? batch >= batch,
            let roomier = try? Layout(shape, options, needsSampleGradient: false), roomier.copies >= batch
        {
            self = roomier
        } else {
            self = try Layout(shape, options, needsSampleGradient: true)
        }
    }

    private init(_ shape: NetworkShape, _ options: SpiNNaker2Options, needsSampleGradient: Bool) throws(SpinnpropError)
    {
        let best = try Layout.attempt(shape, options, needsSampleGradient: needsSampleGradient)
        let wanted = options.copies ?? min(best.room, options.batchSize ?? .max)
        guard best.room >= max(1, wanted) else {
            throw SpinnpropError(
                .outOfMemory,
                "\(options.copies ?? 1) copies of \(best.cut.pesPerCopy) PEs each and \(best.cut.chunks.count) optimiser PEs do "
                    + "not fit the \(options.board.peCount) PEs of \(options.board.chipCount) chips, which have room for "
                    + "\(best.room) copies\(options.placement == .published ? " where placement is \"published\"" : ""); use fewer "
                    + "copies, \(options.placement == .published ? "placement \"compact\"" : "a smaller network or more chips")"
            )
        }
        let routed = PlannedRoute.room(
            shape, best.cut, places: Array(best.places.copies.prefix(wanted)), board: options.board)
        guard routed >= max(1, options.copies ?? 1) else {
            throw SpinnpropError(
                .outOfMemory,
                "\(options.copies ?? 1) copies of \(best.cut.pesPerCopy) PEs each do not fit the routing tables of "
                    + "\(Int(options.board.constants[.routerEntries])) entries a chip, which have room for \(routed) copies; use fewer "
                    + "copies or fewer cuts")
        }
        plan = best.plan.withLongerTapes(best.cut, options.board.constants)
        cut = best.cut
        let widest = best.cut.slices.flatMap { $0 }.map(\.width).max() ?? 1
        let blocks = shape.sizes.map { ($0 + 7) / 8 }.max() ?? 1
        let (populations, slices) = (shape.sizes.count, best.cut.cuts.max() ?? 1)
        let numbered = KeyLayout.room(populations: populations, slices: slices, sliceWidth: widest, blocks: blocks)
        copies = options.copies == nil ? min(routed, numbered) : routed
        keys = try KeyLayout(
            copies: copies, populations: populations, slices: slices, sliceWidth: widest, blocks: blocks)
        copyPEs = Array(best.places.copies.prefix(copies))
        optimizerPEs = best.places.optimizers
        try checkDRAM(options.board)
    }

    /// Tapes of a sample go to DRAM and come from there: at least one sample of each copy must have room.
    private func checkDRAM(_ board: Board) throws(SpinnpropError) {
        let capacity = board.chipCount * Int(board.constants[.dramBytes])
        var needed = 0
        for (population, slices) in cut.slices.enumerated() {
            for slice in slices { needed += (population == 0 ? 8 : 16) * plan.tapeCapacity(units: slice.count) }
        }
        guard copies * needed > capacity else { return }
        throw SpinnpropError(
            .outOfMemory,
            "the spike tapes of \(copies) copies take \(copies * needed) bytes and the DRAM has \(capacity); use "
                + "fewer copies or more dram_bytes")
    }

    private struct Attempt {
        let plan: BufferPlan
        let cut: Cut
        let places: Places
        var room: Int { places.copies.count }
    }

    private static func attempt(
        _ shape: NetworkShape, _ options: SpiNNaker2Options, needsSampleGradient: Bool
    ) throws(SpinnpropError) -> Attempt {
        let board = options.board
        let plan = BufferPlan(
            shape: shape, spikesPerNeuron: options.spikesPerNeuron,
            activeSenders: options.activeSenders, fifoPackets: options.fifoPackets,
            needsSampleGradient: needsSampleGradient)
        let cut = try Cut(plan, constants: board.constants, largestSlice: options.largestSlice)
        // Input and loss are never cut: they must fit as they are.
        let whole = [("input", plan.inputBuffers(cuts: cut.cuts)), ("loss", plan.lossBuffers)]
        for (name, buffers) in whole {
            try buffers.check(
                "the \(name) program needs", board.constants, remedy: "use fewer units" + BufferPlan.orSmallerTapes)
        }
        let places = try Places(pesPerCopy: cut.pesPerCopy, optimizers: cut.chunks.count, options)
        return Attempt(plan: plan, cut: cut, places: places)
    }

    func inputPE(copy: Int) -> Int { copyPEs[copy][0] }
    func lossPE(copy: Int) -> Int { copyPEs[copy][cut.pesPerCopy - 1] }

    /// The PEs of a population's slices, in order.
    func pes(copy: Int, population: Int) -> [Int] {
        let start = cut.cuts[..<population].reduce(0, +)
        return Array(copyPEs[copy][start..<start + cut.cuts[population]])
    }
}
