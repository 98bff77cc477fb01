// The queue of a network in which every spike moves many keys: it holds only the neurons that may spike soon.
import CSupport
import Mathematics

/// Finds the neuron with the smallest key among `keys`, which others change freely in between.
///
/// Keys are cut into windows. Opening one takes a pass over all keys and sorts those below its end into as many buckets
/// as there are expected candidates; neurons further away need no attention until the next pass. So
/// - a key that grows needs no call, and may stand there too small until its neuron surfaces: an entry that turns out to be too
///   early is put back;
/// - a key that falls below `end` must be told (`insert`); older entries of the same neuron do no harm;
/// - the cost per spike is constant: a window holds a fixed share of the neurons.
///
/// Ties are broken by the lowest index, so what comes next does not depend on windows and buckets.
struct SpikeQueue {
    let keys: UnsafeMutablePointer<Double>
    private let neuronCount: Int
    private let rows: TargetRows
    /// Neurons with keys from here on are not in the queue.
    private(set) var end: Double
    private var start: Double
    private var width: Double
    private var scale = 0.0
    /// The bucket whose neurons are in `heap`; those before it are empty.
    private var bucket: Int
    private let bucketCount: Int
    /// Buckets beyond this one are left alone.
    private var horizon: Int
    /// How many neurons a window should begin with.
    private let aim: Int
    /// The first entry of each bucket, -1 if empty; entries are chained by `links`.
    private let heads: LargeBuffer<Int32>
    private var entries: LargeBuffer<Entry>
    private var entryCount = 0
    private var freeEntry: Int32 = -1
    private var heap: LargeBuffer<Item>
    private var heapCount = 0
    /// The neurons of one block that are near.
    private let candidates: LargeBuffer<Int32>
    /// Whether keys are too many for the near caches, so that it pays to ask for them ahead of time.
    private let isFar: Bool

    private struct Entry {
        var neuron: Int32
        var next: Int32
    }

    private struct Item {
        var key: Double
        var neuron: Int32

        @inline(__always)
        static func < (a: Item, b: Item) -> Bool { a.key < b.key || (a.key == b.key && a.neuron < b.neuron) }
    }

    /// How many buckets ahead rows are asked for: about a third of a spike.
    private static let lookahead = 4
    /// How many buckets ahead, and of how many, keys are asked for.
    private static let farLookahead = 16
    /// Neurons that are looked through at once.
    private static let block = 4096

    /// `width`: a first guess of how far keys are spread. A window holds about one of `share` neurons: larger ones save passes over
    /// all keys, smaller ones spare the nearest cache. `hasHorizon`: see `lookFurther`.
    init(
        keys: UnsafeMutablePointer<Double>, neuronCount: Int, rows: TargetRows, start: Double, width: Double,
        share: Int, isFar: Bool, hasHorizon: Bool
    ) throws(SpinnpropError) {
        self.keys = keys
        self.rows = rows
        self.neuronCount = neuronCount
        var buckets = 32
        while buckets < neuronCount / share { buckets *= 2 }
        bucketCount = buckets
        aim = max(1, min(buckets, neuronCount / 4))
        bucket = buckets
        horizon = hasHorizon ? -1 : .max
        heads = try LargeBuffer(count: buckets, repeating: -1, "the spike queue")
        entries = try LargeBuffer(count: 2 * buckets, repeating: Entry(neuron: 0, next: -1), "the spike queue")
        heap = try LargeBuffer(count: 64, repeating: Item(key: 0, neuron: 0), "the spike queue")
        candidates = try LargeBuffer(count: min(neuronCount, Self.block), repeating: 0, "the spike queue")
        self.isFar = isFar
        self.width = width / Double(share)
        self.start = start
        end = start
    }

    /// The neuron that is next, `nil` if the window holds no more up to its end or to the horizon. `current` brings a neuron's key up to date, if that is to be done.
    mutating func next(_ current: (Int) -> Double) throws(SpinnpropError) -> Int? {
        while true {
            while heapCount > 0 {
                let top = heap.pointer[0]
                let key = current(Int(top.neuron))
                if key == top.key { return Int(top.neuron) }
                removeFirst()
                // A smaller key has an entry of its own.
                if key > top.key { try insert(top.neuron, key) }
            }
            if bucket >= bucketCount - 1 {
                bucket = bucketCount
                return nil
            }
            if bucket >= horizon { return nil }
            bucket &+= 1
            prefetchRow(current)
            if isFar { prefetchKeys() }
            var entry = heads.pointer[bucket]
            heads.pointer[bucket] = -1
            while entry >= 0 {
                let (neuron, following) = (entries.pointer[Int(entry)].neuron, entries.pointer[Int(entry)].next)
                entries.pointer[Int(entry)].next = freeEntry
                freeEntry = entry
                try insert(neuron, keys[Int(neuron)])
                entry = following
            }
        }
    }

    /// Whether the window holds more beyond the horizon.
    var isAtHorizon: Bool { bucket >= horizon && bucket < bucketCount }

    /// Moves the horizon on by so many buckets, and names each neuron that may surface before it is reached. Its key must be up to date by then.
    mutating func lookFurther(by count: Int, _ visit: (Int32) -> Void) {
        horizon = min(bucketCount - 1, bucket + count)
        for bucket in bucket + 1..<horizon + 1 {
            let ahead = heads.pointer[min(bucket + SpikeQueue.farLookahead, bucketCount - 1)]
            spinnprop_support_prefetch(entries.pointer + Int(max(0, ahead)))
            var entry = heads.pointer[bucket]
            while entry >= 0 {
                visit(entries.pointer[Int(entry)].neuron)
                entry = entries.pointer[Int(entry)].next
            }
        }
    }

    /// Asks for the row of a neuron that is likely to spike soon, so that memory delivers it in time.
    @inline(__always)
    private func prefetchRow(_ current: (Int) -> Double) {
        let ahead = bucket &+ SpikeQueue.lookahead
        guard ahead < bucketCount, heads.pointer[ahead] >= 0 else { return }
        let neuron = Int(entries.pointer[Int(heads.pointer[ahead])].neuron)
        // Most candidates are inhibited before their time comes.
        if (current(neuron) - start) * scale < Double(ahead &+ 1) { rows.prefetch(neuron) }
    }

    /// Asks for the keys of neurons that will surface soon, and before that for the entries that name them. Many at a time: where each waits for
    /// the translation of its address, they wait together.
    @inline(__always)
    private func prefetchKeys() {
        if bucket % SpikeQueue.farLookahead == 0 { prefetchFarKeys() }
    }

    @inline(never)
    private func prefetchFarKeys() {
        let near = bucket &+ SpikeQueue.farLookahead
        let far = near &+ SpikeQueue.farLookahead
        guard far &+ SpikeQueue.farLookahead <= bucketCount else { return }
        let (heads, entries) = (heads.pointer, entries.pointer)
        for bucket in far..<far &+ SpikeQueue.farLookahead where heads[bucket] >= 0 {
            spinnprop_support_prefetch(entries + Int(heads[bucket]))
        }
        for bucket in near..<far {
            var entry = heads[bucket]
            while entry >= 0 {
                spinnprop_support_prefetch(keys + Int(entries[Int(entry)].neuron))
                entry = entries[Int(entry)].next
            }
        }
    }

    /// Tells that this neuron's key has fallen to `key`, or that it stands again for an entry taken out.
    @inline(__always)
    mutating func insert(_ neuron: Int32, _ key: Double) throws(SpinnpropError) {
        if key >= end { return }
        let own = bucket(of: key)
        if own <= bucket { try push(Item(key: key, neuron: neuron)) } else { try link(neuron, own) }
    }

    /// The bucket of a key below `end`.
    @inline(__always)
    private func bucket(of key: Double) -> Int {
        // Keys not after `start` could be too far away for an integer.
        key > start ? min(Int((key - start) * scale), bucketCount &- 1) : 0
    }

    /// Takes out what `next` returned.
    @inline(__always)
    mutating func removeFirst() {
        heapCount &-= 1
        if heapCount == 0 { return }
        let items = heap.pointer
        let last = items[heapCount]
        var hole = 0
        while true {
            var child = 2 &* hole &+ 1
            if child >= heapCount { break }
            if child &+ 1 < heapCount && items[child &+ 1] < items[child] { child &+= 1 }
            if !(items[child] < last) { break }
            items[hole] = items[child]
            hole = child
        }
        items[hole] = last
    }

    /// Opens the next window. Everything before `end` must have been taken out. Returns its start.
    mutating func open(_ poller: Poller) throws(SpinnpropError) -> Double {
        start = end
        var found = try fill(poller)
        if found == 0 {
            start = try smallest(poller)
            found = try fill(poller)
        }
        width = (end - start) * min(4, max(0.25, Double(aim) / Double(found)))
        return start
    }

    /// Re-bases keys and goes back to the start of a window that has just been opened; `open` it again.
    mutating func rebase(_ rebasing: Rebasing, _ poller: Poller) throws(SpinnpropError) {
        for bucket in 0..<bucketCount { heads.pointer[bucket] = -1 }
        end = rebasing(start)
        width *= rebasing.factor
        let keys = keys
        var neuron = 0
        while neuron < neuronCount {
            let blockEnd = min(neuronCount, neuron &+ SpikeQueue.block)
            while neuron < blockEnd {
                keys[neuron] = rebasing(keys[neuron])
                neuron &+= 1
            }
            try poller.spend(SpikeQueue.block / 8)
        }
    }

    /// Puts all neurons with keys within `width` from `start` into buckets and returns how many they are.
    private mutating func fill(_ poller: Poller) throws(SpinnpropError) -> Int {
        let used = max(width, start.magnitude * 0x1p-40)
        end = start + used
        scale = Double(bucketCount) / used
        bucket = -1
        if horizon < .max { horizon = -1 }
        (heapCount, entryCount, freeEntry) = (0, 0, -1)
        var sum = 0
        var neuron = 0
        while neuron < neuronCount {
            let blockEnd = min(neuronCount, neuron &+ SpikeQueue.block)
            let count = gather(neuron, blockEnd)
            if isFar { prefetchHeads(count) }
            var index = 0
            while index < count {
                let candidate = candidates.pointer[index]
                try insert(candidate, keys[Int(candidate)])
                index &+= 1
            }
            sum &+= count
            neuron = blockEnd
            try poller.spend(SpikeQueue.block / 8)
        }
        return sum
    }

    /// Lists the neurons from `first` up to `last` with keys below `end`.
    private func gather(_ first: Int, _ last: Int) -> Int {
        let (keys, candidates, limit) = (UnsafePointer(keys), candidates.pointer, end)
        var count = 0
        var neuron = first
        // Few of eight neighbours are near: most of the time one comparison of all is enough.
        let limits = SIMD8(repeating: limit)
        let powers = SIMD8<Int64>(1, 2, 4, 8, 16, 32, 64, 128)
        let raw = UnsafeRawPointer(keys)
        while neuron &+ 8 <= last {
            let eight = raw.loadUnaligned(fromByteOffset: neuron &* 8, as: SIMD8<Double>.self)
            let isNear = eight .< limits
            if any(isNear) {
                var bits = powers.replacing(with: 0, where: .!isNear).wrappedSum()
                while bits != 0 {
                    candidates[count] = Int32(truncatingIfNeeded: neuron &+ bits.trailingZeroBitCount)
                    count &+= 1
                    bits &= bits &- 1
                }
            }
            neuron &+= 8
        }
        while neuron < last {
            candidates[count] = Int32(truncatingIfNeeded: neuron)
            count &+= keys[neuron] < limit ? 1 : 0
            neuron &+= 1
        }
        return count
    }

    /// Asks memory for the heads of so many candidates' buckets.
    private func prefetchHeads(_ count: Int) {
        var index = 0
        while index < count {
            spinnprop_support_prefetch(heads.pointer + bucket(of: keys[Int(candidates.pointer[index])]))
            index &+= 1
        }
    }

    private func smallest(_ poller: Poller) throws(SpinnpropError) -> Double {
        var smallest = Double.infinity
        for neuron in 0..<neuronCount {
            smallest = min(smallest, keys[neuron])
            if neuron % SpikeQueue.block == 0 { try poller.spend(SpikeQueue.block) }
        }
        return smallest
    }

    @inline(__always)
    private mutating func push(_ item: Item) throws(SpinnpropError) {
        if heapCount == heap.count { try growHeap() }
        let items = heap.pointer
        var hole = heapCount
        heapCount &+= 1
        while hole > 0 {
            let parent = (hole &- 1) / 2
            if !(item < items[parent]) { break }
            items[hole] = items[parent]
            hole = parent
        }
        items[hole] = item
    }

    @inline(__always)
    private mutating func link(_ neuron: Int32, _ bucket: Int) throws(SpinnpropError) {
        var entry = freeEntry
        if entry >= 0 {
            freeEntry = entries.pointer[Int(entry)].next
        } else {
            if entryCount == entries.count { try growEntries() }
            entry = Int32(truncatingIfNeeded: entryCount)
            entryCount &+= 1
        }
        entries.pointer[Int(entry)] = Entry(neuron: neuron, next: heads.pointer[bucket])
        heads.pointer[bucket] = entry
    }

    @inline(never)
    private mutating func growHeap() throws(SpinnpropError) {
        let larger = try LargeBuffer(count: 2 * heap.count, repeating: Item(key: 0, neuron: 0), "the spike queue")
        larger.pointer.update(from: heap.pointer, count: heapCount)
        heap = larger
    }

    @inline(never)
    private mutating func growEntries() throws(SpinnpropError) {
        guard entries.count < Int(Int32.max) / 2 else {
            throw SpinnpropError(.outOfMemory, "the spike queue holds \(entries.count) entries; weaken the excitation")
        }
        let larger = try LargeBuffer(
            count: 2 * entries.count, repeating: Entry(neuron: 0, next: -1), "the spike queue")
        larger.pointer.update(from: entries.pointer, count: entryCount)
        entries = larger
    }
}
