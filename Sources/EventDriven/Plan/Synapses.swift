// The synapses of a connection into a layer from which most are absent.
import Mathematics
import Networks

/// The receivers of each sender. Synapses have places in a list of all, in the order of the network's array: receiver by receiver.
final class Synapses: @unchecked Sendable {
    let count: Int
    /// Where each sender's synapses begin.
    private let starts: Block<Int>
    /// Of each synapse, sender by sender, who receives, and its place.
    let receivers: Block<Int32>
    let places: Block<Int32>
    /// Where each receiver's synapses begin in the list of all.
    let firsts: Block<Int>
    /// The weight at each place: those of a neuron side by side, which the turned ones are not.
    let weights: Block<Double>
    /// Who sends at each place.
    private let senders: Block<Int32>

    init(_ connection: Connection, _ rows: SenderRows<Double>) throws(SpinnpropError) {
        let (pre, post) = (connection.preCount, connection.postCount)
        count = connection.synapseCount
        (starts, firsts, weights) = (try Block(pre + 2), try Block(post + 1), try Block(count))
        (receivers, places, senders) = (try Block(count), try Block(count), try Block(count))
        let (starts, senders) = (starts.pointer, senders.pointer)
        starts.update(repeating: 0, count: pre + 2)
        var place = 0
        for receiver in 0..<post {
            firsts.pointer[receiver] = place
            connection.constraints.forEachSender(of: receiver, among: pre) { sender in
                senders[place] = Int32(truncatingIfNeeded: sender)
                starts[sender &+ 2] &+= 1
                place &+= 1
            }
        }
        firsts.pointer[post] = place
        for sender in 0..<pre { starts[sender + 2] += starts[sender + 1] }
        for receiver in 0..<post {
            for place in firsts.pointer[receiver]..<firsts.pointer[receiver + 1] {
                let at = starts[Int(senders[place]) &+ 1]
                receivers.pointer[at] = Int32(truncatingIfNeeded: receiver)
                places.pointer[at] = Int32(truncatingIfNeeded: place)
                starts[Int(senders[place]) &+ 1] = at &+ 1
            }
        }
        load(rows)
    }

    /// Takes the turned weights.
    func load(_ rows: SenderRows<Double>) {
        for receiver in 0..<rows.postCount {
            for place in firsts.pointer[receiver]..<firsts.pointer[receiver + 1] {
                weights.pointer[place] = rows.pointer[Int(senders.pointer[place]) &* rows.stride &+ receiver]
            }
        }
    }

    /// A sender's synapses in `receivers` and `places`.
    @inline(__always)
    func range(_ sender: Int) -> Range<Int> { starts.pointer[sender]..<starts.pointer[sender &+ 1] }

    /// Numbers of all synapses as an array of the network, 0 where there is none.
    func whole(_ part: UnsafePointer<Double>, _ rows: SenderRows<Double>) -> [Double] {
        var all = [Double](repeating: 0, count: rows.preCount * rows.postCount)
        for receiver in 0..<rows.postCount {
            for place in firsts.pointer[receiver]..<firsts.pointer[receiver + 1] {
                all[receiver * rows.preCount + Int(senders.pointer[place])] = part[place]
            }
        }
        return all
    }
}

/// What arrives at each neuron through a connection in one sample, in the order in which it was sent.
final class ReceiverLists {
    private let startBlock = Block<Int>()
    private let spikeBlock = Block<Int32>()
    private let placeBlock = Block<Int32>()

    /// Where each neuron's arrivals begin, and where the last one's end.
    var starts: UnsafePointer<Int> { UnsafePointer(startBlock.pointer) }
    /// For each arrival which spike of the sender's row it is, and the place of the synapse it takes.
    var spikes: UnsafePointer<Int32> { UnsafePointer(spikeBlock.pointer) }
    var places: UnsafePointer<Int32> { UnsafePointer(placeBlock.pointer) }

    /// The arrivals at a neuron; none at one after the last.
    @inline(__always)
    func range(_ neuron: Int) -> Range<Int> { startBlock.pointer[neuron]..<startBlock.pointer[neuron &+ 1] }

    func fill(_ own: Synapses, _ row: SpikeRow, neurons: Int, _ poller: Poller) throws(SpinnpropError) {
        try startBlock.clear(neurons + 2)
        let (start, receivers, places) = (startBlock.pointer, own.receivers.pointer, own.places.pointer)
        var count = 0
        for n in 0..<row.count {
            let range = own.range(Int(row.units[n]))
            var at = range.lowerBound
            count &+= range.count
            while at < range.upperBound {
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
            let range = own.range(Int(row.units[n]))
            var at = range.lowerBound
            while at < range.upperBound {
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
