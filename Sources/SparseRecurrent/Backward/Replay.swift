// Goes through a recorded run again, without a queue: the tape knows who is next.
import Mathematics

/// States between the events of a tape, recomputed with the same arithmetic and so the same bits as in the run.
final class Replay<K: Kernel> {
    let recording: SparseRecording
    let kernel: K
    let tape: EventTape
    let states: LargeBuffer<K.State>
    let rows: TargetRows
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
        let any = kernel.state(remaining: 0, 0)
        states = try LargeBuffer(count: network.neuronCount, repeating: any, "the network's state")
        rows = try TargetRows(network.connectivity)
        weights = network.weightBuffer
        weightStride = network.weightCount == 1 ? 0 : 1
    }

    /// Goes to the state before the first event after a snapshot.
    func seek(snapshot: Int) {
        let event = snapshot * (tape.spacing ?? 0)
        tape.snapshots[snapshot].copy(to: states)
        nextRebasing = tape.rebasings.firstIndex { $0.event > event } ?? tape.rebasings.count
        nextForced = tape.forced.firstIndex { $0 >= event } ?? tape.forced.count
        epoch = tape.rebasings[..<nextRebasing].reduce(0) { $0 + $1.rebasing.epoch }
    }

    /// Whether the event, the next to be played, is a spike of an avalanche that another began.
    func isForced(_ event: Int) -> Bool { nextForced < tape.forced.count && tape.forced[nextForced] == event }

    /// How many neurons the event moves.
    func inputCount(_ event: Int) -> Int {
        let cause = Int(tape.events[event])
        return cause < 0 ? 1 : rows.length(cause)
    }

    /// The weight of a sender's synapse.
    @inline(__always)
    func weight(_ first: Int, _ index: Int) -> Double { weights.pointer[(first &+ index) &* weightStride] }

    /// Plays one event, the next in order. `begin` is told who causes it (a neuron, or ~input) and whether it was forced,
    /// `visit` each target with its state before and after.
    @inline(__always)
    func play(
        _ event: Int, begin: (_ cause: Int, _ isForced: Bool) -> Void,
        _ visit: (_ target: Int, _ before: K.State, _ after: K.State, _ weight: Double, _ moment: K.Moment) -> Void
    ) {
        while nextRebasing < tape.rebasings.count && tape.rebasings[nextRebasing].event <= event {
            let rebasing = tape.rebasings[nextRebasing].rebasing
            let shift = kernel.moment(rebasing.shift)
            for neuron in 0..<states.count {
                states.pointer[neuron] = kernel.rebased(states.pointer[neuron], neuron, rebasing, shift)
            }
            nextRebasing += 1
            epoch += rebasing.epoch
        }
        let isForced = isForced(event)
        if isForced { nextForced += 1 }
        let (cause, moment) = (Int(tape.events[event]), kernel.moment(tape.clocks[event]))
        let states = states.pointer
        begin(cause, isForced)
        if cause < 0 {
            let target = Int(recording.options.inputs.units[~cause])
            let weight = recording.options.inputs.weights[~cause]
            let before = states[target]
            states[target] = kernel.moved(before, target, weight: weight, moment)
            visit(target, before, states[target], weight, moment)
            return
        }
        let (row, count, first) = (rows.targets(cause), rows.length(cause), rows.first(cause))
        var index = 0
        while index < count {
            let target = Int(row[index])
            let before = states[target]
            let weight = weight(first, index)
            let after = kernel.moved(before, target, weight: weight, moment)
            states[target] = after
            visit(target, before, after, weight, moment)
            index &+= 1
        }
        states[cause] = kernel.reset(cause, moment)
    }
}
