// What comes next: the neuron that may fire first, and the spike that arrives first.
import Mathematics

/// The smallest of up to 512 keys, each of which says until when a neuron surely stays silent.
///
/// Lowering or raising a key costs two comparisons: a group's minimum, and that of all groups, are lower bounds, made exact where the next
/// one is asked for.
struct SilenceQueue {
    private static let groupSize = 32
    private let keys: Block<Double>
    private let groups: Block<Double>
    private let groupCount: Int
    /// At most the smallest key.
    private(set) var earliest = Double.infinity

    init(count: Int) throws(SpinnpropError) {
        groupCount = (count + SilenceQueue.groupSize - 1) / SilenceQueue.groupSize
        (keys, groups) = (try Block(groupCount * SilenceQueue.groupSize), try Block(groupCount))
        clear()
    }

    init(copying other: SilenceQueue) throws(SpinnpropError) {
        groupCount = other.groupCount
        (keys, groups) = (try Block(groupCount * SilenceQueue.groupSize), try Block(groupCount))
        keys.pointer.update(from: other.keys.pointer, count: groupCount * SilenceQueue.groupSize)
        groups.pointer.update(from: other.groups.pointer, count: groupCount)
        earliest = other.earliest
    }

    /// All keys +infinity.
    mutating func clear() {
        keys.pointer.update(repeating: .infinity, count: groupCount * SilenceQueue.groupSize)
        groups.pointer.update(repeating: .infinity, count: groupCount)
        earliest = .infinity
    }

    @inline(__always)
    mutating func set(_ key: Double, at index: Int) {
        keys.pointer[index] = key
        let group = index / SilenceQueue.groupSize
        if key < groups.pointer[group] { groups.pointer[group] = key }
        if key < earliest { earliest = key }
    }

    func key(of index: Int) -> Double { keys.pointer[index] }

    /// The first index with the smallest key, if that is at most `limit`.
    mutating func first(until limit: Double) -> Int? {
        while true {
            var (group, smallest) = (0, groups.pointer[0])
            for other in 1..<max(1, groupCount) where groups.pointer[other] < smallest {
                (group, smallest) = (other, groups.pointer[other])
            }
            earliest = smallest
            guard smallest <= limit else { return nil }
            let start = group * SilenceQueue.groupSize
            var (index, key) = (start, keys.pointer[start])
            for other in start + 1..<start + SilenceQueue.groupSize where keys.pointer[other] < key {
                (index, key) = (other, keys.pointer[other])
            }
            groups.pointer[group] = key
            // The bound was exact: no other group can have a smaller key.
            if key == smallest { return index }
        }
    }
}

/// Spikes on their way, the next to arrive first; of those that arrive together the lowest sender.
struct ArrivalQueue {
    private struct Item {
        let time: Double
        let sender: Int

        func precedes(_ other: Item) -> Bool { time < other.time || (time == other.time && sender < other.sender) }
    }
    /// A binary heap.
    private let items: Block<Item>
    private(set) var count = 0

    init() { items = Block() }

    init(copying other: ArrivalQueue) throws(SpinnpropError) {
        items = try Block(other.count)
        items.pointer.update(from: other.items.pointer, count: other.count)
        count = other.count
    }

    mutating func clear() { count = 0 }

    /// Room for one more. - Throws: `outOfMemory`.
    func makeRoom() throws(SpinnpropError) { try items.grow(count + 1, keeping: count) }

    var nextTime: Double { count == 0 ? .infinity : items.pointer[0].time }

    /// After `makeRoom`.
    mutating func add(_ time: Double, _ sender: Int) {
        let (heap, item) = (items.pointer, Item(time: time, sender: sender))
        var place = count
        count += 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard item.precedes(heap[parent]) else { break }
            heap[place] = heap[parent]
            place = parent
        }
        heap[place] = item
    }

    /// Takes the next one, of at least one; its sender.
    mutating func removeFirst() -> Int {
        let heap = items.pointer
        let first = heap[0].sender
        count -= 1
        let item = heap[count]
        var place = 0
        while true {
            var child = 2 * place + 1
            guard child < count else { break }
            if child + 1 < count, heap[child + 1].precedes(heap[child]) { child += 1 }
            guard heap[child].precedes(item) else { break }
            heap[place] = heap[child]
            place = child
        }
        heap[place] = item
        return first
    }
}
