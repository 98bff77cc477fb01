// An optimiser on one processing element: looks after a piece of the parameters for all copies of the network.
import ClockArithmetic
import ClockDriven
import Mathematics
import Networks
import SpiNNaker2

/// A chunk of parameters as its optimiser sees it.
struct OwnedChunk {
    let chunk: ParameterChunk
    /// Where the chunk begins in this PE's buffers.
    let start: Int
    /// For each copy the buffer that holds the sums, and the one that holds the parameters (none for delays).
    let gradients: [MemoryBuffer]
    let parameters: [MemoryBuffer]
    /// What the sum over copies is multiplied with, per receiver: -tau_s / dt; one number for delays, 1 / dt.
    var factors: [Float]
}

final class OptimizerProgram: Program {
    var chunks: [OwnedChunk]
    private let costs: ProgramCosts
    let sum: UnsafeMutablePointer<Float>
    let master: UnsafeMutablePointer<Float>
    let first: UnsafeMutablePointer<Float>
    let second: UnsafeMutablePointer<Float>
    private let staging: UnsafeMutablePointer<Float>
    /// Copies that ran a sample of the batch: the sums of the others are those of an earlier one.
    var activeCopies = 0
    /// The step to take, for each connection; `nil`: its weights are frozen.
    var rules: [UpdateRule<Float>?] = []
    /// The norm it rests on is the host's, in float64; the chip is charged for taking it.
    var clipping: AppliedClipping?

    init(
        _ chunks: [OwnedChunk], costs: ProgramCosts, _ find: (String) throws(SpinnpropError) -> MemoryBuffer
    ) throws(SpinnpropError) {
        self.chunks = chunks
        self.costs = costs
        sum = try find(BufferName.sum).floats
        master = try find(BufferName.master).floats
        first = try find(BufferName.first).floats
        second = try find(BufferName.second).floats
        staging = try find(BufferName.staging).floats
    }

    var name: String { "optimizer" }
    func isActive(phase: Int) -> Bool {
        phase == SpiNNaker2Phase.gather.rawValue || phase == SpiNNaker2Phase.update.rawValue
    }
    func sends(phase: Int) -> [KeyRange] { [] }

    func tick(_ context: TickContext) throws(SpinnpropError) {
        context.charge(costs.tick)
        for own in chunks {
            if context.phase == SpiNNaker2Phase.gather.rawValue {
                try gather(context, own)
            } else {
                try update(context, own)
            }
        }
    }

    /// Adds the copies up in order, then multiplies.
    private func gather(_ context: TickContext, _ own: OwnedChunk) throws(SpinnpropError) {
        let (count, offset) = (own.chunk.count, 4 * own.chunk.offset)
        let total = sum + own.start
        for copy in 0..<activeCopies {
            guard copy > 0 else {
                try context.dmaRead(own.gradients[copy], offset: offset, bytes: 4 * count, into: total)
                continue
            }
            var first = 0
            while first < count {
                let piece = min(BufferPlan.stagingCount, count - first)
                try context.dmaRead(
                    own.gradients[copy], offset: offset + 4 * first, bytes: 4 * piece, into: staging)
                ClockKernels.gather(staging, into: total + first, count: piece)
                first += piece
            }
        }
        var j = 0
        while j < count {
            total[j] = own.factors[(own.chunk.offset &+ j) % own.factors.count] * total[j]
            j &+= 1
        }
        context.charge((activeCopies + 1) * count * costs.sumWeight)
    }

    /// Takes the optimiser's step for the weights and hands the new ones out.
    private func update(_ context: TickContext, _ own: OwnedChunk) throws(SpinnpropError) {
        guard !own.chunk.isDelay, let rule = rules[own.chunk.connection] else { return }
        let (count, start) = (own.chunk.count, own.start)
        if let clipping {
            for j in start..<start + count { sum[j] = Float(clipping(Double(sum[j]))) }
            if clipping.takesNorm { context.charge(count * costs.sumWeight) }
        }
        rule.update(master + start, sum + start, first + start, second + start, count: count)
        context.charge(count * costs.optimizerWeight)
        for buffer in own.parameters {
            try context.dmaWrite(master + start, bytes: 4 * count, to: buffer, offset: 4 * own.chunk.offset)
        }
    }
}
