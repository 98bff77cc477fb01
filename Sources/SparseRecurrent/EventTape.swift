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
    /// Keys right before event i * spacing (with all re-basings up to it); only before the first if `spacing` is `nil`.
    private(set) var snapshots: [LargeBuffer<Double>] = []
    let spacing: Int?
    /// Keys at the end of the run.
    private(set) var final: LargeBuffer<Double>?

    /// `synapsesPerSpike`: on average. Snapshots are so far apart that the recomputed states between two take 32 times the
    /// memory of one.
    init(neuronCount: Int, synapsesPerSpike: Int, hasSnapshots: Bool) {
        spacing = hasSnapshots ? max(1024, 32 * neuronCount / max(1, synapsesPerSpike)) : nil
    }

    var eventCount: Int { events.count }

    /// To be called before an event.
    @inline(__always)
    mutating func prepare(_ keys: UnsafePointer<Double>, neuronCount: Int) throws(SpinnpropError) {
        if events.count == (spacing ?? 1) * snapshots.count && (spacing != nil || snapshots.isEmpty) {
            snapshots.append(try EventTape.copy(keys, neuronCount))
        }
    }

    /// To be called at the end of the run.
    mutating func finish(_ keys: UnsafePointer<Double>, neuronCount: Int) throws(SpinnpropError) {
        if snapshots.isEmpty { try prepare(keys, neuronCount: neuronCount) }
        final = try EventTape.copy(keys, neuronCount)
    }

    private static func copy(
        _ keys: UnsafePointer<Double>, _ neuronCount: Int
    ) throws(SpinnpropError) -> LargeBuffer<Double> {
        let copy = try LargeBuffer(count: neuronCount, repeating: 0.0, "a snapshot of the network's state")
        copy.pointer.update(from: keys, count: neuronCount)
        return copy
    }

    @inline(__always)
    mutating func append(_ event: Int32, clock: Double, isForced: Bool) {
        if isForced { forced.append(events.count) }
        events.append(event)
        clocks.append(clock)
    }

    mutating func append(_ rebasing: Rebasing) { rebasings.append((events.count, rebasing)) }
}
