// Arrivals at four neurons side by side, at each in an order of its own.
import Mathematics
import Networks
import Neurons
import Spikes

/// What neurons of a sparse layer receive through one connection; trivial, so that hot loops touch no reference counts.
private struct SparseSource {
    /// Of each neuron where its arrivals begin, of each of these which spike of the sender's row it is, and the place of its synapse.
    let starts: UnsafePointer<Int>
    let spikes, places: UnsafePointer<Int32>
    let weights: UnsafePointer<Double>
    /// The sender's row.
    let times: UnsafePointer<Double>
    let units: UnsafePointer<Int32>
    let delays: DelayRows
}

/// What is sent to a layer in one sample, put in order of time for four neurons at once.
final class LaneArrivals {
    private let poller: Poller
    private let timeOrder: TimeOrder
    private let sentTimes = Block<Double>()
    private let units = Block<Int32>()
    private let columnBlock = Block<UnsafePointer<Double>>()
    /// Where each connection's spikes end.
    private let ends = Block<Int>()
    /// Times and weights of what four neurons receive, as it was sent.
    private let unorderedTimes = Block<Double>()
    private let unorderedWeights = Block<Double>()
    private let timeBlock = Block<Double>()
    private let weightBlock = Block<Double>()
    private let slices = Block<Int32>()
    /// Of a sparse layer what each neuron receives, for each connection, and the senders of what four neurons do.
    private var lists: [ReceiverLists] = []
    private let sources = Block<SparseSource>()
    private var sourceCount = 0
    private let senders = Block<Int32>()
    private let laneCounts: Block<Int>
    private let oneNeuronsUnits = Block<Int32>()
    private let oneNeuron = Block<Double>()
    /// For how many vectors of neurons there is room at once, for how many arrivals each, and how many each has.
    private(set) var vectorCount = 1
    private var room = 0
    private let counts = Block<Int>()
    /// Which of them is put in order, and how many arrivals it has.
    private var vector = 0
    private var count = 0

    init(_ poller: Poller) throws(SpinnpropError) {
        self.poller = poller
        laneCounts = try Block(4)
        timeOrder = TimeOrder(poller)
    }

    /// Times in order, with an infinite one after the last: four numbers for each arrival.
    func times(_ vector: Int) -> UnsafePointer<Double> {
        UnsafePointer(timeBlock.pointer + 4 &* (room &+ 1) &* vector)
    }
    /// The weights of the synapses that arrivals take: four numbers for each, 0 where a neuron gets no more.
    func weights(_ vector: Int) -> UnsafePointer<Double> { UnsafePointer(weightBlock.pointer + 4 &* room &* vector) }
    /// How many arrivals there are: the most that any of the four has.
    func count(_ vector: Int) -> Int { counts.pointer[vector] }
    /// The same of the vector that is put in order.
    private var ownTimes: UnsafeMutablePointer<Double> { timeBlock.pointer + 4 &* (room &+ 1) &* vector }
    private var ownWeights: UnsafeMutablePointer<Double> { weightBlock.pointer + 4 &* room &* vector }

    /// Takes what is sent through feed-forward connections.
    func take(_ plan: LayerPlan, _ rows: EventRows) throws(SpinnpropError) {
        let count = plan.feedForward.reduce(0) { $0 + rows.source($1).count }
        try Memory.check(count: count, bytesPerElement: 320, "the arrivals at four neurons in one sample")
        try sentTimes.reserve(count)
        try units.reserve(count)
        try columnBlock.reserve(count)
        try ends.reserve(plan.feedForward.count)
        var at = 0
        for (c, own) in plan.feedForward.enumerated() {
            let row = rows.source(own)
            for n in 0..<row.count {
                sentTimes.pointer[at] = row.times[n]
                units.pointer[at] = row.units[n]
                columnBlock.pointer[at] = plan.columns.pointer[c] + Int(row.units[n]) &* plan.stride
                at &+= 1
            }
            ends.pointer[c] = at
        }
        guard plan.isSparse else { return try reserve(count, plan) }
        while lists.count < plan.feedForward.count { lists.append(ReceiverLists()) }
        try sources.reserve(plan.feedForward.count)
        sourceCount = 0
        for (c, own) in plan.feedForward.enumerated() {
            guard let synapses = own.synapses else { continue }
            let (list, row) = (lists[c], rows.source(own))
            try list.fill(synapses, row, neurons: plan.neuronCount, poller)
            (sources.pointer + sourceCount).initialize(
                to: SparseSource(
                    starts: list.starts, spikes: list.spikes, places: list.places, weights: synapses.weights.pointer,
                    times: row.times, units: row.units, delays: own.delays))
            sourceCount += 1
        }
        var most = 0
        for neuron in 0..<plan.neuronCount { most = max(most, receivedCount(neuron)) }
        try senders.reserve(4 &* most)
        try reserve(most, plan)
    }

    /// How much a neuron of a sparse layer receives.
    @inline(__always)
    private func receivedCount(_ neuron: Int) -> Int {
        var (count, c) = (0, 0)
        let sources = sources.pointer
        while c < sourceCount {
            count &+= sources[c].starts[neuron &+ 1] &- sources[c].starts[neuron]
            c &+= 1
        }
        return count
    }

    /// Makes room for up to so many arrivals at each neuron: of all of them, where that is little.
    private func reserve(_ most: Int, _ plan: LayerPlan) throws(SpinnpropError) {
        room = most
        vectorCount = max(1, min((plan.neuronCount + 3) / 4, 2048 / (most + 1)))
        try unorderedTimes.reserve(4 &* most)
        try unorderedWeights.reserve(4 &* most)
        try timeBlock.reserve(4 &* (most &+ 1) &* vectorCount)
        try weightBlock.reserve(4 &* most &* vectorCount)
        try counts.reserve(vectorCount)
    }

    /// Puts in order what reaches the four neurons from `first` on. - Parameter vector: where that goes, less than `vectorCount`.
    func arrange(_ plan: LayerPlan, first: Int, at vector: Int) throws(SpinnpropError) {
        self.vector = vector
        guard !plan.isSparse else { return try arrangeSparse(plan, first: first) }
        count = room
        counts.pointer[vector] = count
        try poller.spend(32 &* count)
        let (sentTimes, units, columns) = (sentTimes.pointer, units.pointer, columnBlock.pointer)
        let (unordered, weights) = (vectors(unorderedTimes.pointer), vectors(unorderedWeights.pointer))
        var n = 0
        let (rows, ends) = (plan.delays.pointer, ends.pointer)
        for c in 0..<plan.feedForward.count {
            let (delays, end) = (LaneDelays(rows[c], first: first, of: plan.neuronCount), ends[c])
            while n < end {
                unordered[n] = sentTimes[n] + delays.from(Int(units[n]))
                weights[n] = loadVector(columns[n] + first)
                n &+= 1
            }
        }
        try sort(UnsafePointer(units))
    }

    /// Puts in order what reaches four neurons through the synapses that they have. Those that get less than another get nothing, much later.
    private func arrangeSparse(_ plan: LayerPlan, first: Int) throws(SpinnpropError) {
        let neurons = first..<min(first &+ 4, plan.neuronCount)
        var most = 0
        for neuron in neurons { most = max(most, receivedCount(neuron)) }
        (count, counts.pointer[vector]) = (most, most)
        try poller.spend(32 &* most)
        let isOrdered = plan.feedForward.count == 1 && plan.feedForward[0].connection.delayKind == .none
        let times = isOrdered ? ownTimes : unorderedTimes.pointer
        let weights = isOrdered ? ownWeights : unorderedWeights.pointer
        let (sources, senders, laneCounts) = (sources.pointer, senders.pointer, laneCounts.pointer)
        for lane in 0..<4 {
            var (to, latest) = (lane, 0.0)
            var c = lane < neurons.count ? 0 : sourceCount
            while c < sourceCount {
                append(sources + c, neuron: first &+ lane, times, weights, senders, &to, &latest)
                c &+= 1
            }
            laneCounts[lane] = to / 4
            while to < 4 &* most {
                (times[to], weights[to], senders[to]) = (latest, 0, .max)
                to &+= 4
            }
        }
        if isOrdered {
            store(SIMD4(repeating: .infinity), at: times + 4 &* most)
        } else {
            try sort(nil)
        }
        let sorted = ownTimes
        for lane in 0..<4 {
            for at in laneCounts[lane]..<most { sorted[4 &* at &+ lane] = .greatestFiniteMagnitude }
        }
    }

    /// Adds what a neuron receives through one connection, as it was sent.
    @inline(__always)
    private func append(
        _ own: UnsafePointer<SparseSource>, neuron: Int, _ times: UnsafeMutablePointer<Double>,
        _ weights: UnsafeMutablePointer<Double>, _ senders: UnsafeMutablePointer<Int32>, _ to: inout Int,
        _ latest: inout Double
    ) {
        let source = own.pointee
        var m = source.starts[neuron]
        let end = source.starts[neuron &+ 1]
        while m < end {
            let n = Int(source.spikes[m])
            let unit = source.units[n]
            let time = source.times[n] + source.delays.from(Int(unit), to: neuron)
            (times[to], weights[to], senders[to]) = (time, source.weights[Int(source.places[m])], unit)
            latest = max(latest, time)
            to &+= 4
            m &+= 1
        }
    }

    /// Puts the times of four neurons in order. - Parameter units: whose spikes they are; `nil`: `senders` tell, neuron by neuron.
    private func sort(_ units: UnsafePointer<Int32>?) throws(SpinnpropError) {
        store(SIMD4(repeating: .infinity), at: ownTimes + 4 &* count)
        if count <= 8 {
            insert()
        } else if count <= 32 {
            rank()
        } else if try !distribute() {
            try sortOneByOne(units)
        }
    }

    /// Takes one arrival after another back past all that are later, at four neurons at once and without a branch: for few.
    private func insert() {
        let (times, weights) = (vectors(ownTimes), vectors(ownWeights))
        let (unordered, unorderedWeights) = (vectors(unorderedTimes.pointer), vectors(unorderedWeights.pointer))
        var n = 0
        while n < count {
            var (time, weight) = (unordered[n], unorderedWeights[n])
            var at = n
            while at > 0 {
                let (other, its) = (times[at &- 1], weights[at &- 1])
                let isLater = time .< other
                times[at] = .select(isLater, other, time)
                weights[at] = .select(isLater, its, weight)
                time = .select(isLater, time, other)
                weight = .select(isLater, weight, its)
                at &-= 1
            }
            (times[0], weights[0]) = (time, weight)
            n &+= 1
        }
    }

    /// For each arrival the number of those before, at four neurons at once: as many comparisons as pairs, but no branch.
    private func rank() {
        let (unordered, unorderedWeights) = (vectors(unorderedTimes.pointer), vectors(unorderedWeights.pointer))
        let (times, weights) = (ownTimes, ownWeights)
        let (count, lanes) = (count, SIMD4<Int64>(0, 1, 2, 3))
        var n = 0
        while n < count {
            let own = unordered[n]
            var before = SIMD4<Int64>.zero
            var other = 0
            // -1 is true.
            while other < n {
                before &-= unsafeBitCast(unordered[other] .<= own, to: SIMD4<Int64>.self)
                other &+= 1
            }
            other &+= 1
            while other < count {
                before &-= unsafeBitCast(unordered[other] .< own, to: SIMD4<Int64>.self)
                other &+= 1
            }
            let places = before &* 4 &+ lanes
            place(
                own, unorderedWeights[n], (Int(places[0]), Int(places[1]), Int(places[2]), Int(places[3])), times,
                weights)
            n &+= 1
        }
    }

    @inline(__always)
    private func place(
        _ time: SIMD4<Double>, _ weight: SIMD4<Double>, _ places: (Int, Int, Int, Int),
        _ times: UnsafeMutablePointer<Double>, _ weights: UnsafeMutablePointer<Double>
    ) {
        (times[places.0], weights[places.0]) = (time[0], weight[0])
        (times[places.1], weights[places.1]) = (time[1], weight[1])
        (times[places.2], weights[places.2]) = (time[2], weight[2])
        (times[places.3], weights[places.3]) = (time[3], weight[3])
    }

    /// Counting sort into four times as many equal slices of time as there are arrivals, so that few of these meet, then those neighbours that
    /// are not in order. `false`, with nothing ordered, if some slice holds so many that this would be slow.
    private func distribute() throws(SpinnpropError) -> Bool {
        let (unordered, unorderedWeights) = (vectors(unorderedTimes.pointer), vectors(unorderedWeights.pointer))
        let count = count
        var (low, high) = (unordered[0], unordered[0])
        var n = 1
        while n < count {
            low = lesser(unordered[n], low)
            high = greater(unordered[n], high)
            n &+= 1
        }
        let sliceCount = 4 &* count &+ 1
        let scale = SIMD4(repeating: Double(4 &* count)) / (high - low)
        guard (scale - scale) == .zero else { return false }
        try slices.clear(4 &* sliceCount)
        let slices = slices.pointer
        n = 0
        while n < count {
            let own = LaneArrivals.slices(unordered[n], low, scale)
            slices[own.0] &+= 1
            slices[own.1] &+= 1
            slices[own.2] &+= 1
            slices[own.3] &+= 1
            n &+= 1
        }
        let starts = UnsafeMutableRawPointer(slices)
        var (start, most) = (SIMD4<Int32>.zero, SIMD4<Int32>.zero)
        n = 0
        while n < sliceCount {
            let own = starts.load(fromByteOffset: 16 &* n, as: SIMD4<Int32>.self)
            starts.storeBytes(of: start, toByteOffset: 16 &* n, as: SIMD4<Int32>.self)
            start &+= own
            most = pointwiseMax(most, own)
            n &+= 1
        }
        guard most.max() <= 24 else { return false }
        let (times, weights) = (ownTimes, ownWeights)
        n = 0
        while n < count {
            let own = LaneArrivals.slices(unordered[n], low, scale)
            let places = (
                4 &* Int(slices[own.0]), 4 &* Int(slices[own.1]) &+ 1, 4 &* Int(slices[own.2]) &+ 2,
                4 &* Int(slices[own.3]) &+ 3
            )
            slices[own.0] &+= 1
            slices[own.1] &+= 1
            slices[own.2] &+= 1
            slices[own.3] &+= 1
            place(unordered[n], unorderedWeights[n], places, times, weights)
            n &+= 1
        }
        exchange()
        return true
    }

    /// Which of the numbers of slices, four for each, stand for the slices of four times.
    @inline(__always)
    private static func slices(
        _ times: SIMD4<Double>, _ low: SIMD4<Double>, _ scale: SIMD4<Double>
    ) -> (Int, Int, Int, Int) {
        // The rounded number stands in the low bits of 2^52.
        let bits = unsafeBitCast((times - low) * scale + SIMD4(repeating: 0x1p52), to: SIMD4<Int64>.self)
        let own = (bits & 0xFFFF_FFFF) &* 4 &+ SIMD4(0, 1, 2, 3)
        return (Int(own[0]), Int(own[1]), Int(own[2]), Int(own[3]))
    }

    /// Insertion sort of what is nearly in order.
    private func exchange() {
        let (times, weights, count) = (ownTimes, ownWeights, count)
        var n = 1
        while n < count {
            let isLate = loadVector(times + 4 &* n) .< loadVector(times + 4 &* (n &- 1))
            var late = unsafeBitCast(isLate, to: SIMD4<Int64>.self).signs
            while late != 0 {
                let lane = late.trailingZeroBitCount
                late &= late &- 1
                var at = 4 &* n &+ lane
                let (time, weight) = (times[at], weights[at])
                repeat {
                    (times[at], weights[at]) = (times[at &- 4], weights[at &- 4])
                    at &-= 4
                } while at >= 4 && time < times[at &- 4]
                (times[at], weights[at]) = (time, weight)
            }
            n &+= 1
        }
    }

    /// One neuron after another, in O(n log n) whatever the times are.
    private func sortOneByOne(_ units: UnsafePointer<Int32>?) throws(SpinnpropError) {
        try oneNeuron.reserve(count)
        try oneNeuronsUnits.reserve(count)
        let (unordered, weights) = (
            UnsafeRawPointer(unorderedTimes.pointer), UnsafeRawPointer(unorderedWeights.pointer)
        )
        let own = oneNeuron.pointer
        for lane in 0..<4 {
            for n in 0..<count { own[n] = unordered.load(fromByteOffset: 8 &* (4 &* n &+ lane), as: Double.self) }
            if units == nil {
                for n in 0..<count { oneNeuronsUnits.pointer[n] = senders.pointer[4 &* n &+ lane] }
            }
            let sorted = try timeOrder.order(own, units ?? UnsafePointer(oneNeuronsUnits.pointer), count)
            for n in 0..<count {
                let from = Int(sorted[n])
                ownTimes[4 &* n &+ lane] = own[from]
                ownWeights[4 &* n &+ lane] = weights.load(fromByteOffset: 8 &* (4 &* from &+ lane), as: Double.self)
            }
        }
    }
}
