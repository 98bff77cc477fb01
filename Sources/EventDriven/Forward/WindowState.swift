// State and buffers of a layer whose neurons receive at times of their own, window of time by window.
import Mathematics
import Spikes

/// Pointers into memory of `WindowState`; trivial, so that hot loops touch no reference counts.
struct WindowLanes {
    /// When each neuron's state was last certain, at the start of the window or its last spike within it, and the state then; and when its refractory
    /// period ends.
    let since: UnsafeMutablePointer<Double>
    let v: UnsafeMutablePointer<Double>
    let i: UnsafeMutablePointer<Double>
    let release: UnsafeMutablePointer<Double>
    /// The state at the end of the window.
    let endV: UnsafeMutablePointer<Double>
    let endI: UnsafeMutablePointer<Double>
    /// The next spike within the window, +infinity where there is none, the current then, and how many arrivals come before it.
    let spike: UnsafeMutablePointer<Double>
    let spikeI: UnsafeMutablePointer<Double>
    let spikeArrivals: UnsafeMutablePointer<Int>
    /// How many arrivals within the window a neuron has, and how many of them come before its last spike.
    let count: UnsafeMutablePointer<Int>
    let past: UnsafeMutablePointer<Int>
    /// For each four neurons the first arrival that their spikes do not know of yet, +infinity where there is none, and the earlier of that and their first spike.
    let unseen: UnsafeMutablePointer<Double>
    let next: UnsafeMutablePointer<Double>
}

final class WindowState {
    private let numbers = Block<Double>()
    private let integers = Block<Int>()
    private let timeBlock = Block<Double>()
    private let weightBlock = Block<Double>()
    private let spare = Block<Double>()
    /// Rows of delays to all receivers, by connection.
    private var delays: [Int: Block<Double>] = [:]
    private let candidateNumbers = Block<Double>()
    private let candidateIntegers = Block<Int32>()
    private let candidateBits = Block<UInt8>()
    /// How many arrivals each neuron has room for.
    private var room = 16
    let poller: Poller
    /// Whose next time is first, of four neurons each.
    var due = TournamentTree(count: 0)
    let calendar = ArrivalCalendar()

    init(_ poller: Poller) { self.poller = poller }

    /// The arrivals within the window, as long as there is room for more.
    var lists: WindowLists { WindowLists(times: timeBlock.pointer, weights: weightBlock.pointer, room: room) }

    /// Where crossings of four neurons are found.
    func candidates() throws(SpinnpropError) -> Candidates {
        // A cache line for each column.
        try candidateNumbers.reserve(Candidates.numbers * 8)
        try candidateIntegers.reserve(Candidates.integers * 8)
        try candidateBits.reserve(8)
        return Candidates(
            candidateNumbers.pointer, candidateIntegers.pointer, mayFire: candidateBits.pointer, most: 8)
    }

    /// Delays may have changed.
    func forgetDelays() { delays.removeAll(keepingCapacity: true) }

    /// Room for `stride` neurons, state zero, nothing on its way.
    func lanes(stride: Int) throws(SpinnpropError) -> WindowLanes {
        // Whole cache lines apart.
        let step = (stride + 7) & ~7
        try numbers.clear(10 * step)
        try integers.clear(3 * step)
        for block in [timeBlock, weightBlock] { try block.reserve(room * stride) }
        due.reset(count: stride / 4)
        let (base, whole) = (numbers.pointer, integers.pointer)
        (base + 3 * step).update(repeating: -.infinity, count: step)
        for column in [6, 8] { (base + column * step).update(repeating: .infinity, count: step) }
        return WindowLanes(
            since: base, v: base + step, i: base + 2 * step, release: base + 3 * step, endV: base + 4 * step,
            endI: base + 5 * step, spike: base + 6 * step, spikeI: base + 7 * step, spikeArrivals: whole,
            count: whole + step, past: whole + 2 * step, unseen: base + 8 * step, next: base + 9 * step)
    }

    /// Room for twice as many arrivals at each neuron.
    @inline(never)
    fileprivate func makeRoom(stride: Int) throws(SpinnpropError) {
        try Memory.check(count: stride, bytesPerElement: 48 * room, "the arrivals at a recurrent layer at a time")
        try spare.reserve(room * stride)
        for block in [timeBlock, weightBlock] {
            spare.pointer.update(from: block.pointer, count: room * stride)
            try block.reserve(2 * room * stride)
            for first in Swift.stride(from: 0, to: stride, by: 4) {
                (block.pointer + 2 * first * room).update(from: spare.pointer + first * room, count: 4 * room)
            }
        }
        room *= 2
    }

    /// The delays from any sender to all receivers: where they are, and how far those of two senders, and to two receivers, lie apart.
    func delays(_ own: EventConnection) throws(SpinnpropError) -> DelayRows {
        guard own.delays.perSender != 0, own.delays.perReceiver != 0, own.synapses == nil else { return own.delays }
        let (pre, post) = (own.connection.preCount, own.connection.postCount)
        if let known = delays[own.index] {
            return DelayRows(start: UnsafePointer(known.pointer), perSender: post, perReceiver: 1)
        }
        // Turned as weights are: a sender's side by side.
        let rows = try Block<Double>(pre * post)
        for unit in 0..<pre {
            for receiver in 0..<post { rows.pointer[unit * post + receiver] = own.delays.from(unit, to: receiver) }
        }
        try poller.spend(2 * pre * post)
        delays[own.index] = rows
        return DelayRows(start: UnsafePointer(rows.pointer), perSender: post, perReceiver: 1)
    }
}

/// For each four neurons their arrivals within the window, in order of time: four numbers for each.
struct WindowLists {
    fileprivate(set) var times: UnsafeMutablePointer<Double>
    fileprivate(set) var weights: UnsafeMutablePointer<Double>
    /// How many arrivals each neuron has room for.
    fileprivate(set) var room: Int

    /// Puts in an arrival, after all that are not later.
    @inline(__always)
    mutating func insert(
        _ neuron: Int, _ time: Double, _ weight: Double, _ lanes: WindowLanes, _ state: WindowState, stride: Int
    ) throws(SpinnpropError) {
        let count = lanes.count[neuron]
        if count == room {
            try state.makeRoom(stride: stride)
            self = state.lists
        }
        lanes.count[neuron] = count &+ 1
        let start = (neuron & ~3) &* room &+ (neuron & 3)
        let (times, weights) = (times + start, weights + start)
        let past = lanes.past[neuron]
        var at = count
        while at > past, times[4 &* (at &- 1)] > time {
            (times[4 &* at], weights[4 &* at]) = (times[4 &* (at &- 1)], weights[4 &* (at &- 1)])
            at &-= 1
        }
        (times[4 &* at], weights[4 &* at]) = (time, weight)
    }
}
