// What a run leaves for gradients and Jacobians: who spiked at which clock, and a few whole states.
import Mathematics

/// Events in order. Targets and states between them follow from these, so nothing is kept per synapse: LIF's adjoint needs no
/// state at all, other models recompute theirs between two snapshots.
struct EventTape {
    /// A neuron, or ~input of a spike from outside.
    private(set) var events: [Int32] = []
    /// Clock of the event, in keys as based then.
    private(set) var clocks: [Double] = []
    /// Events in which a neuron was pushed over its threshold by another, in order.
    private(set) var forced: [Int] = []
    /// The re-basings before these events.
    private(set) var rebasings: [(event: Int, rebasing: Rebasing)] = []
    /// States right before event i * spacing (with all re-basings up to it); only before the first if `spacing` is `nil`.
    private(set) var snapshots: [Snapshot] = []
    let spacing: Int?
    /// States at the end of the run.
    private(set) var final: Snapshot?

    /// `synapsesPerSpike`: on average. Snapshots are so far apart that the recomputed states between two take 32 times the
    /// memory of one.
    init(neuronCount: Int, synapsesPerSpike: Int, hasSnapshots: Bool) {
        spacing = hasSnapshots ? max(1024, 32 * neuronCount / max(1, synapsesPerSpike)) : nil
    }

    var eventCount: Int { events.count }

    /// The clock of the last event, in keys as based at the end of the run; -infinity without events.
    var finalClock: Double {
        rebasings.reversed().prefix { $0.event == events.count }.reversed()
            .reduce(clocks.last ?? -.infinity) { $1.rebasing($0) }
    }

    /// Takes a snapshot where one is due; to be called before each event.
    @inline(__always)
    mutating func prepare<State: BitwiseCopyable>(_ states: LargeBuffer<State>) throws(SpinnpropError) {
        if events.count == (spacing ?? 1) * snapshots.count && (spacing != nil || snapshots.isEmpty) {
            snapshots.append(try Snapshot(states))
        }
    }

    /// Takes the final snapshot; to be called at the end of the run.
    mutating func finish<State: BitwiseCopyable>(_ states: LargeBuffer<State>) throws(SpinnpropError) {
        if snapshots.isEmpty { try prepare(states) }
        final = try Snapshot(states)
    }

    @inline(__always)
    mutating func append(_ event: Int32, clock: Double, isForced: Bool) {
        if isForced { forced.append(events.count) }
        events.append(event)
        clocks.append(clock)
    }

    mutating func append(_ rebasing: Rebasing) { rebasings.append((events.count, rebasing)) }
}

/// The states of all neurons at one time, as numbers: a tape does not know the kernel.
struct Snapshot {
    private let numbers: LargeBuffer<Double>

    init<State: BitwiseCopyable>(_ states: LargeBuffer<State>) throws(SpinnpropError) {
        let count = states.count * MemoryLayout<State>.stride / MemoryLayout<Double>.stride
        numbers = try LargeBuffer(count: count, repeating: 0, "a snapshot of the network's state")
        UnsafeMutableRawPointer(numbers.pointer).copyMemory(
            from: states.pointer, byteCount: states.count * MemoryLayout<State>.stride)
    }

    /// Copies the numbers to as many states, of the type they had.
    func copy<State: BitwiseCopyable>(to states: LargeBuffer<State>) {
        UnsafeMutableRawPointer(states.pointer).copyMemory(
            from: numbers.pointer, byteCount: numbers.count * MemoryLayout<Double>.stride)
    }

    /// The keys, where states are keys.
    var keys: UnsafeMutablePointer<Double> { numbers.pointer }
}
