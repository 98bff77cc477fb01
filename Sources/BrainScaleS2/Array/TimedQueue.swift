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

    init() { items = Block() }

    init(copying other: TimedQueue) throws(SpinnpropError) {
        items = try Block(other.count)
        items.pointer.update(from: other.items.pointer, count: other.count)
        count = other.count
    }

    mutating func clear() { count = 0 }

    /// Room for one more. - Throws: `outOfMemory`.
    func makeRoom() throws(SpinnpropError) { try items.grow(count + 1, keeping: count) }

    var nextTime: Double { count == 0 ? .infinity : items.pointer[0].time }

    /// After `makeRoom`.
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

    /// All that is in it, of neurons below a limit.
    mutating func exchange(_ tape: inout StateTape, below limit: Int) throws(SpinnpropError) {
        let own = count
        let length = try tape.count(own, to: 1 << 40)
        if tape.isKept { clear() }
        for n in 0..<length {
            let item = tape.isReading ? Item(time: 0, neuron: 0) : items.pointer[n]
            let time = try tape.number(item.time, NeuronArray.times)
            let neuron = try tape.count(item.neuron, to: limit - 1)
            guard tape.isKept else { continue }
            try makeRoom()
            add(time, neuron)
        }
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
