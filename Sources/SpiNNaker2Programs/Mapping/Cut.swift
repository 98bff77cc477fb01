// How layers are cut over processing elements, and what a copy of the network then takes.
import ClockArithmetic
import ClockDriven
import Mathematics
import SpiNNaker2

/// A piece of a parameter array that one optimiser PE looks after: `count` numbers from `offset` on of one buffer of a slice.
struct ParameterChunk: Equatable, Sendable {
    let connection: Int
    /// Whether it is a piece of the delays' gradient.
    let isDelay: Bool
    /// Where the gradient lies: population and slice.
    let population: Int
    let slice: Int
    let offset: Int
    let count: Int
}

/// The cut of a network: the same for all of its copies.
package struct Cut: Equatable, Sendable {
    /// The slices of each population. The input is never cut.
    let slices: [[Slice]]
    /// The pieces that each optimiser PE looks after.
    let chunks: [[ParameterChunk]]

    var cuts: [Int] { slices.map(\.count) }
    /// PEs of a copy: input, slices of layers, loss.
    var pesPerCopy: Int { slices.reduce(1) { $0 + $1.count } }

    /// Cuts each layer into as few slices as fit.
    ///
    /// - Throws: `outOfMemory` naming layer and buffer if not even one block of neurons fits a PE.
    init(_ plan: BufferPlan, constants: SpiNNaker2Constants, largestSlice: Int?) throws(SpinnpropError) {
        let shape = plan.shape
        var slices = shape.sizes.map { [Slice(index: 0, first: 0, count: $0)] }
        // How a layer is cut shapes the FIFOs of the one before, so the last layer comes first.
        for layer in stride(from: shape.layerCount - 1, through: 0, by: -1) {
            slices[layer + 1] = try Cut.slices(of: layer, slices, plan, constants, largestSlice)
        }
        self.slices = slices
        chunks = Cut.chunks(shape, slices, capacity: BufferPlan.optimizerCapacity(dataBytes: constants.dataBytes))
    }

    private static func slices(
        of layer: Int, _ slices: [[Slice]], _ plan: BufferPlan, _ constants: SpiNNaker2Constants, _ largestSlice: Int?
    ) throws(SpinnpropError) -> [Slice] {
        try Cut.slices(
            neurons: plan.shape.sizes[layer + 1], layer: layer, constants: constants, largestSlice: largestSlice,
            remedy: "use fewer senders" + BufferPlan.orSmallerTapes
        ) { slice, count in
            var cuts = slices.map(\.count)
            cuts[layer + 1] = count
            return plan.neuronBuffers(layer: layer, slice: slice, cuts: cuts)
        }
    }

    /// Cuts a layer into as few slices as fit.
    ///
    /// - Parameter buffersOf: the buffers of a slice of a layer that is cut into so many.
    /// - Throws: `outOfMemory` if not even one block of neurons fits a PE.
    package static func slices(
        neurons: Int, layer: Int, constants: SpiNNaker2Constants, largestSlice: Int?, remedy: String,
        _ buffersOf: (Slice, Int) -> [PlannedBuffer]
    ) throws(SpinnpropError) -> [Slice] {
        let blocks = ClockKernels.padded(neurons) / ClockKernels.width
        let largestBlocks = largestSlice.map { max(1, $0 / ClockKernels.width) } ?? blocks
        // Of the widest slice.
        func buffers(_ count: Int) -> [PlannedBuffer] {
            let width = min(neurons, (blocks + count - 1) / count * ClockKernels.width)
            return buffersOf(Slice(index: 0, first: 0, count: width), count)
        }
        try buffers(blocks).check("\(ClockKernels.width) neurons of layer \(layer) need", constants, remedy: remedy)
        var count = (blocks + largestBlocks - 1) / largestBlocks
        if !buffers(count).fits(constants) {
            var (tooFew, enough) = (count, blocks)
            while enough - tooFew > 1 {
                let middle = (tooFew + enough) / 2
                if buffers(middle).fits(constants) { enough = middle } else { tooFew = middle }
            }
            count = enough
        }
        return (0..<count).map { n in
            let first = blocks * n / count * ClockKernels.width
            let last = min(neurons, blocks * (n + 1) / count * ClockKernels.width)
            return Slice(index: n, first: first, count: last - first)
        }
    }

    /// Deals all parameters out to optimiser PEs, in order of connection, slice and place.
    private static func chunks(_ shape: NetworkShape, _ slices: [[Slice]], capacity: Int) -> [[ParameterChunk]] {
        var result: [[ParameterChunk]] = []
        var room = 0
        func deal(_ connection: Int, isDelay: Bool, population: Int, slice: Int, total: Int) {
            var offset = 0
            while offset < total {
                if room < ClockKernels.width {
                    result.append([])
                    room = capacity
                }
                let count = min(room, total - offset)
                result[result.count - 1].append(
                    ParameterChunk(
                        connection: connection, isDelay: isDelay, population: population, slice: slice, offset: offset,
                        count: count))
                room -= count
                offset += count
            }
        }
        for own in shape.connections {
            for slice in slices[own.target] {
                deal(
                    own.index, isDelay: false, population: own.target, slice: slice.index,
                    total: own.preCount * slice.width)
            }
            switch own.delayKind {
            case .none: break
            case .axonal:
                for slice in slices[own.source] {
                    deal(own.index, isDelay: true, population: own.source, slice: slice.index, total: slice.width)
                }
            case .synaptic, .dendritic:
                for slice in slices[own.target] {
                    let rows = own.delayKind == .synaptic ? own.preCount : 1
                    deal(
                        own.index, isDelay: true, population: own.target, slice: slice.index, total: rows * slice.width)
                }
            }
        }
        return result
    }
}
