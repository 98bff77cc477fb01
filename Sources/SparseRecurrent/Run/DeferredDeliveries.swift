// Deliveries that wait until many of them go to the same stretch of memory.
import CSupport
import Mathematics

/// From how many neurons on, and how, deliveries are deferred.
///
/// Where the states of all neurons take gigabytes, what takes the time is less to fetch a state than to find out where it lies: the tables by
/// which addresses are translated no longer fit the caches, least of all on virtual machines, which have two of them. So states are
/// moved region by region, whose part of the tables stays near.
struct Deferral {
    /// Below that it is faster to move states at once.
    var neurons = 1 << 29
    /// Up to how many targets of a neuron: each region has room for several spikes' at once.
    var degree = 1 << 12
    /// The logarithm of the neurons of a region.
    var regionBits = 22
    /// How many deliveries wait at most: some ten for each cache line of the tables, so that these are worth their fetching.
    var deliveries = 1 << 22
    /// How many of the queue's buckets are looked through at a time for neurons that may spike soon.
    var buckets = 1 << 16
    /// The logarithm of the words whose bits mark those neurons, 1 ... 16: so many that few others are taken for one, in the second cache.
    var markWordBits = 16
}

/// What inhibition has sent and has not arrived yet. Neurons that may spike before it arrives are marked; what goes to these does not
/// wait. So each state is moved by the same deliveries in the same order as without deferring, before anybody reads it.
final class DeferredDeliveries<K: Kernel> {
    private struct Entry {
        var target: Int32
        var spike: Int32
    }

    private let regionBits: Int
    private let regionCount: Int
    /// Entries that a region has room for, and how many it may have when somebody looks.
    private let capacity: Int
    private let limit: Int
    private let entries: LargeBuffer<Entry>
    /// Where each region's next entry goes.
    private let ends: LargeBuffer<Int>
    /// Of each spike whose deliveries wait.
    private let moments: LargeBuffer<K.Moment>
    private var spikeCount = 0
    private let marks: LargeBuffer<UInt64>
    private let wordShift: UInt32
    /// Targets of a spike that do not wait.
    private let due: LargeBuffer<Int32>
    /// From one look at how full regions are to the next.
    private static var spikesBetweenLooks: Int { 16 }
    /// How many entries ahead a region's memory for more is asked for, and states are.
    private static var entriesAhead: Int { 16 }
    private static var lookahead: Int { 64 }

    /// - Parameter degree: targets of a spike.
    init(_ deferral: Deferral, neuronCount: Int, degree: Int) throws(SpinnpropError) {
        let what = "the deliveries that wait"
        let spikes = max(1, deferral.deliveries / degree)
        regionBits = deferral.regionBits
        regionCount = ((neuronCount - 1) >> regionBits) + 1
        limit = spikes * degree / regionCount * 5 / 4
        capacity = limit + Self.spikesBetweenLooks * degree
        entries = try LargeBuffer(
            count: regionCount * capacity + Self.lookahead, repeating: Entry(target: 0, spike: 0), what)
        ends = try LargeBuffer(count: regionCount, repeating: 0, what)
        moments = try LargeBuffer(count: spikes, what)
        marks = try LargeBuffer(count: 1 << deferral.markWordBits, repeating: 0, what)
        wordShift = UInt32(32 - deferral.markWordBits)
        due = try LargeBuffer(count: degree, repeating: 0, what)
        begin()
    }

    private func begin() {
        for region in 0..<regionCount { ends.pointer[region] = region * capacity }
        spikeCount = 0
    }

    /// Two bits of one word: one alone would be set by others for some targets of each spike.
    @inline(__always)
    private func place(_ neuron: Int32) -> (word: Int, bits: UInt64) {
        let hash = UInt32(bitPattern: neuron) &* 0x9E37_79B1
        return (Int(hash &>> wordShift), 1 &<< UInt64(hash &>> 4 & 63) | 1 &<< UInt64(hash &>> 10 & 63))
    }

    /// Forgets who may spike soon. Nothing may wait.
    func unmark() { marks.pointer.update(repeating: 0, count: marks.count) }

    /// To be called for each neuron that may spike before the next `unmark`, before anything is sent to it.
    @inline(__always)
    func mark(_ neuron: Int32) {
        let (word, bits) = place(neuron)
        marks.pointer[word] |= bits
    }

    /// Moves the targets that are marked and has the others wait.
    @inline(__always)
    func deliver(
        _ row: UnsafePointer<Int32>, _ count: Int, _ kernel: K, weight: Double, _ moment: K.Moment,
        _ states: UnsafeMutablePointer<K.State>
    ) {
        let (marks, ends, entries, due) = (marks.pointer, ends.pointer, entries.pointer, due.pointer)
        let spike = Int32(truncatingIfNeeded: spikeCount)
        moments.pointer[spikeCount] = moment
        spikeCount &+= 1
        var dueCount = 0
        var index = 0
        while index < count {
            let target = row[index]
            let (word, bits) = place(target)
            if marks[word] & bits == bits {
                spinnprop_support_prefetch(states + Int(target))
                due[dueCount] = target
                dueCount &+= 1
            } else {
                let region = Int(target) &>> regionBits
                let end = ends[region]
                entries[end] = Entry(target: target, spike: spike)
                spinnprop_support_prefetch(entries + (end &+ Self.entriesAhead))
                ends[region] = end &+ 1
            }
            index &+= 1
        }
        index = 0
        while index < dueCount {
            let target = Int(due[index])
            states[target] = kernel.moved(states[target], target, weight: weight, moment)
            index &+= 1
        }
        if spikeCount == moments.count || (spikeCount % Self.spikesBetweenLooks == 0 && isFull) {
            arrive(kernel, weight: weight, states)
        }
    }

    private var isFull: Bool { (0..<regionCount).contains { ends.pointer[$0] - $0 * capacity > limit } }

    /// Moves the states of all that waits, in order.
    @inline(never)
    func arrive(_ kernel: K, weight: Double, _ states: UnsafeMutablePointer<K.State>) {
        let (entries, moments) = (entries.pointer, moments.pointer)
        for region in 0..<regionCount {
            var at = region * capacity
            let end = ends.pointer[region]
            while at < end {
                spinnprop_support_prefetch(states + Int(entries[at &+ Self.lookahead].target))
                let target = Int(entries[at].target)
                states[target] = kernel.moved(
                    states[target], target, weight: weight, moments[Int(entries[at].spike)])
                at &+= 1
            }
        }
        begin()
    }
}
