// Spikes on their way within a recurrent layer, the earliest first.
import Mathematics

/// A binary heap of arrivals, ordered by time, ties in the order in which they were inserted.
struct ArrivalHeap {
    struct Entry {
        let time: Double
        let sequence: Int
        let connection: Int32
        let unit: Int32
        /// -1: all neurons.
        let neuron: Int32

        @inline(__always)
        func precedes(_ other: Entry) -> Bool {
            time != other.time ? time < other.time : sequence < other.sequence
        }
    }

    private var entries: [Entry] = []
    private var sequence = 0

    /// Of the first arrival; +infinity where there is none.
    var time: Double { entries.first?.time ?? .infinity }

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        sequence = 0
    }

    mutating func insert(time: Double, connection: Int, unit: Int, neuron: Int) throws(SpinnpropError) {
        let entry = Entry(
            time: time, sequence: sequence, connection: Int32(truncatingIfNeeded: connection),
            unit: Int32(truncatingIfNeeded: unit), neuron: Int32(truncatingIfNeeded: neuron))
        sequence += 1
        try entries.makeRoom(for: 1)
        entries.append(entry)
        var at = entries.count - 1
        while at > 0, entry.precedes(entries[(at - 1) / 2]) {
            entries[at] = entries[(at - 1) / 2]
            at = (at - 1) / 2
        }
        entries[at] = entry
    }

    mutating func popFirst() -> Entry? {
        guard let top = entries.first, let moved = entries.popLast() else { return nil }
        guard !entries.isEmpty else { return top }
        var at = 0
        while 2 * at + 1 < entries.count {
            var child = 2 * at + 1
            if child + 1 < entries.count, entries[child + 1].precedes(entries[child]) { child += 1 }
            guard entries[child].precedes(moved) else { break }
            entries[at] = entries[child]
            at = child
        }
        entries[at] = moved
        return top
    }
}
