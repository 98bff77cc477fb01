// What is to come at some time, the next first.
import Mathematics

/// Neurons at times; of those at the same time the lowest.
struct TimedQueue {
    private struct Item {
        let time: Double
        let neuron: Int

        func precedes(_ other: Item) -> Bool { time < other.time || (time == other.time && neuron < other.neuron) }
    }
    /// A binary heap.
    private let items: Block<Item>
    private(set) var count = 0

    /// - Parameter room: for how many there is room without `makeRoom`.
    init(room: Int) throws(SpinnpropError) { items = try Block(room) }

    init(copying other: TimedQueue, room: Int) throws(SpinnpropError) {
        items = try Block(max(room, other.count))
        items.pointer.update(from: other.items.pointer, count: other.count)
        count = other.count
    }

    mutating func clear() { count = 0 }

    /// Room for one more. - Throws: `outOfMemory`.
    func makeRoom() throws(SpinnpropError) { try items.grow(count + 1, keeping: count) }

    var nextTime: Double { count == 0 ? .infinity : items.pointer[0].time }

    /// Where there is room.
    mutating func add(_ time: Double, _ neuron: Int) {
        let (heap, item) = (items.pointer, Item(time: time, neuron: neuron))
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

    /// Takes the next one, of at least one; its neuron.
    mutating func removeFirst() -> Int {
        let heap = items.pointer
        let first = heap[0].neuron
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
