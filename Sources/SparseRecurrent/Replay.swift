// Goes through a recorded run again, without a queue: the tape knows who is next.
import Mathematics

/// States between the events of a tape, recomputed with the same arithmetic and so the same bits as in the run.
final class Replay<K: Kernel> {
    let recording: SparseRecording
    let kernel: K
    let tape: EventTape
    let keys: LargeBuffer<Double>
    let rows: Rows
    let weights: LargeBuffer<Double>
    private let weightStride: Int
    /// What re-basings so far add up to.
    private(set) var epoch = 0.0
    private var nextRebasing = 0
    private var nextForced = 0

    init(_ recording: SparseRecording, _ kernel: K, _ tape: EventTape) throws(SpinnpropError) {
        self.recording = recording
        self.kernel = kernel
        self.tape = tape
        let network = recording.network
        keys = try LargeBuffer(count: network.neuronCount, repeating: 0, "the network's state")
        rows = try Rows(network.connectivity)
        weights = try LargeBuffer(count: network.weights.count, repeating: 0, "the weights")
        for (synapse, weight) in network.weights.enumerated() { weights.pointer[synapse] = weight }
        weightStride = network.weights.count == 1 ? 0 : 1
    }

    /// Goes to the state before the first event after a snapshot.
    func seek(snapshot: Int) {
        let event = snapshot * (tape.spacing ?? 0)
        keys.pointer.update(from: tape.snapshots[snapshot].pointer, count: keys.count)
        nextRebasing = tape.rebasings.firstIndex { $0.event > event } ?? tape.rebasings.count
        nextForced = tape.forced.firstIndex { $0 >= event } ?? tape.forced.count
        epoch = tape.rebasings[..<nextRebasing].reduce(0) { $0 + $1.rebasing.epoch }
    }

    /// The weight of a sender's synapse.
    @inline(__always)
    func weight(_ first: Int, _ index: Int) -> Double { weights.pointer[(first &+ index) &* weightStride] }

    /// Plays one event, the next in order. `begin` is told who causes it (a neuron, or ~input) and whether it was forced,
    /// `visit` each target with its key before and after.
    @inline(__always)
    func play(
        _ event: Int, begin: (_ cause: Int, _ isForced: Bool) -> Void,
        _ visit: (_ target: Int, _ before: Double, _ after: Double, _ weight: Double, _ clock: Double) -> Void
    ) {
        while nextRebasing < tape.rebasings.count && tape.rebasings[nextRebasing].event <= event {
            let rebasing = tape.rebasings[nextRebasing].rebasing
            for neuron in 0..<keys.count {
                keys.pointer[neuron] = (keys.pointer[neuron] - rebasing.shift) * rebasing.factor
            }
            nextRebasing += 1
            epoch += rebasing.epoch
        }
        let isForced = nextForced < tape.forced.count && tape.forced[nextForced] == event
        if isForced { nextForced += 1 }
        let (cause, clock) = (Int(tape.events[event]), tape.clocks[event])
        let keys = keys.pointer
        begin(cause, isForced)
        if cause < 0 {
            let target = Int(recording.options.inputs.units[~cause])
            let weight = recording.options.inputs.weights[~cause]
            let before = keys[target]
            keys[target] = kernel.moved(before, target, weight: weight, clock: clock)
            visit(target, before, keys[target], weight, clock)
            return
        }
        let (row, count, first) = (rows.targets(cause), rows.length(cause), rows.first(cause))
        var index = 0
        while index < count {
            let target = Int(row[index])
            let before = keys[target]
            let weight = weight(first, index)
            let after = kernel.moved(before, target, weight: weight, clock: clock)
            keys[target] = after
            visit(target, before, after, weight, clock)
            index &+= 1
        }
        keys[cause] = kernel.reset(cause, clock: clock)
    }
}
