// The synapses of a connection into a layer from which most are absent.
import Mathematics
import Networks

/// The receivers of each sender. Synapses have places in a list of all, in the order of the network's array.
final class Synapses: @unchecked Sendable {
    let count: Int
    /// Where each sender's synapses begin.
    let starts: Block<Int>
    /// Of each synapse, sender by sender, who receives, and its place.
    let receivers: Block<Int32>
    let places: Block<Int32>
    /// Where each receiver's synapses begin in the list of all.
    let firsts: Block<Int>
    /// The index in the network's array of each place.
    private let indices: Block<Int>
    private let elementCount: Int

    init(_ connection: Connection) throws(SpinnpropError) {
        let (pre, constraints) = (connection.preCount, connection.constraints)
        elementCount = connection.weights.count
        count = constraints.hasMask ? constraints.mask.count { $0 } : elementCount
        (starts, firsts) = (try Block(pre + 1), try Block(connection.postCount + 1))
        (receivers, places, indices) = (try Block(count), try Block(count), try Block(count))
        let starts = starts.pointer
        starts.update(repeating: 0, count: pre + 1)
        for index in connection.weights.indices where constraints.exists(index) { starts[index % pre + 1] += 1 }
        for sender in 0..<pre { starts[sender + 1] += starts[sender] }
        var place = 0
        for post in 0..<connection.postCount {
            firsts.pointer[post] = place
            for sender in 0..<pre where constraints.exists(post * pre + sender) {
                receivers.pointer[starts[sender]] = Int32(truncatingIfNeeded: post)
                places.pointer[starts[sender]] = Int32(truncatingIfNeeded: place)
                indices.pointer[place] = post * pre + sender
                starts[sender] += 1
                place += 1
            }
        }
        firsts.pointer[connection.postCount] = place
        // Each has moved to where the next one begins.
        for sender in (0..<pre).reversed() { starts[sender + 1] = starts[sender] }
        starts[0] = 0
    }

    /// A sender's synapses in `receivers` and `places`.
    @inline(__always)
    func range(_ sender: Int) -> Range<Int> { starts.pointer[sender]..<starts.pointer[sender &+ 1] }

    /// Numbers of all synapses as an array of the network, 0 where there is none.
    func whole(_ part: UnsafePointer<Double>) -> [Double] {
        var all = [Double](repeating: 0, count: elementCount)
        for place in 0..<count { all[indices.pointer[place]] = part[place] }
        return all
    }
}

/// What arrives at each neuron through a connection in one sample, in the order in which it was sent.
final class ReceiverLists {
    private let starts = Block<Int>()
    private let spikeBlock = Block<Int32>()
    private let placeBlock = Block<Int32>()

    /// For each arrival which spike of the sender's row it is, and the place of the synapse it takes.
    var spikes: UnsafePointer<Int32> { UnsafePointer(spikeBlock.pointer) }
    var places: UnsafePointer<Int32> { UnsafePointer(placeBlock.pointer) }

    func range(_ neuron: Int) -> Range<Int> { starts.pointer[neuron]..<starts.pointer[neuron + 1] }

    func fill(_ own: Synapses, _ row: SpikeRow, neurons: Int, _ poller: Poller) throws(SpinnpropError) {
        try starts.clear(neurons + 2)
        let (start, first, receivers, places) = (
            starts.pointer, own.starts.pointer, own.receivers.pointer, own.places.pointer
        )
        var count = 0
        for n in 0..<row.count {
            let unit = Int(row.units[n])
            var at = first[unit]
            let end = first[unit &+ 1]
            count &+= end &- at
            while at < end {
                start[Int(receivers[at]) &+ 2] &+= 1
                at &+= 1
            }
        }
        try poller.spend(4 &* count)
        try Memory.check(count: count, bytesPerElement: 16, "the arrivals of one sample")
        try spikeBlock.reserve(count)
        try placeBlock.reserve(count)
        for neuron in 1..<(neurons + 2) { start[neuron] &+= start[neuron &- 1] }
        let (spikes, taken) = (spikeBlock.pointer, placeBlock.pointer)
        for n in 0..<row.count {
            let unit = Int(row.units[n])
            var at = first[unit]
            let end = first[unit &+ 1]
            while at < end {
                let receiver = Int(receivers[at]) &+ 1
                let to = start[receiver]
                spikes[to] = Int32(truncatingIfNeeded: n)
                taken[to] = places[at]
                start[receiver] = to &+ 1
                at &+= 1
            }
        }
    }
}
