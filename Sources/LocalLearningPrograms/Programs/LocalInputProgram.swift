// The input of one copy: draws or reads a sample's spikes and sends them step by step.
import LocalLearning
import Mathematics
import SpiNNaker2
import SpiNNaker2Programs

final class LocalInputProgram: Program {
    private let place: LocalPlace
    private let range: KeyRange
    private let words: Int
    /// A bit for each unit and step.
    private let spikes: UnsafeMutablePointer<UInt32>
    private let lists = StepLists()
    private let scratch = LocalInputScratch(Poller(nil))
    var job: LocalJob?
    private var sends = false

    init(_ place: LocalPlace, _ find: (String) throws(SpinnpropError) -> MemoryBuffer) throws(SpinnpropError) {
        self.place = place
        range = place.spikes(population: 0, slice: 0)
        words = LocalPlan.words(place.shape.sizes[0])
        spikes = try find(LocalBuffer.inputSpikes).base.assumingMemoryBound(to: UInt32.self)
    }

    var name: String { "input" }
    func isActive(phase: Int) -> Bool { phase == LocalPhase.forward.rawValue }
    func sends(phase: Int) -> [KeyRange] { isActive(phase: phase) ? [range] : [] }

    func tick(_ context: TickContext) throws(SpinnpropError) {
        context.charge(place.costs.tick)
        let step = context.tick
        if step == 0 { try load(context) }
        guard sends, step < place.shape.steps else { return context.sleep(until: .max, charging: place.costs.tick) }
        let own = spikes + step * words
        for word in 0..<words {
            var bits = own[word]
            while bits != 0 {
                try context.send(range.key | UInt32(truncatingIfNeeded: 32 &* word &+ bits.trailingZeroBitCount))
                context.charge(place.costs.packet)
                bits &= bits &- 1
            }
        }
    }

    /// A sample's probabilities or events come from DRAM; its spikes are drawn from the host's stream.
    private func load(_ context: TickContext) throws(SpinnpropError) {
        sends = false
        guard let job, let batch = job.batch, let sample = job.sample(copy: place.copy, round: context.round) else {
            return
        }
        let before = scratch.wordCount
        try batch.fill(lists, sample, scratch: scratch)
        context.charge((scratch.wordCount - before) * place.costs.random)
        spikes.update(repeating: 0, count: place.shape.steps * words)
        for step in 0..<place.shape.steps {
            for n in lists.range(step) {
                let unit = Int(lists.pointer[n])
                spikes[step &* words &+ unit / 32] |= 1 << UInt32(unit % 32)
            }
        }
        let source = batch.source(sample)
        context.countDRAM(bytes: source.isDrawn ? 4 * source.numbers : 8 * source.numbers)
        job.monitor?.finish(1)
        sends = true
    }
}
