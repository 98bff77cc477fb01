// What the machine keeps of a running processing element, laid out for the inner loop.

/// A range of keys a PE may send and where the packets go.
@usableFromInline
struct Route {
    @usableFromInline var key: UInt32
    @usableFromInline var mask: UInt32
    @usableFromInline var receivers: UnsafeMutablePointer<Int32>
    @usableFromInline var receiverCount: Int
    @usableFromInline var packets = 0
    @usableFromInline var payloadWords = 0
    /// Mesh hops of one packet with all its copies, and the links it crosses; one crossed twice is there twice.
    var hops: Int
    var links: UnsafeMutablePointer<Int32>
    var linkCount: Int
}

/// A receive FIFO in two halves: the one that fills, and the one that is read this tick. An entry is the key, then payload words.
@usableFromInline
struct FIFOHalf {
    @usableFromInline var entries: UnsafeMutablePointer<UInt32>
    @usableFromInline var count = 0
    /// The entry that is the oldest, once `overwrite` has gone round.
    var oldest = 0
}

@usableFromInline
struct PEState {
    @usableFromInline let pe: Int
    /// Words per entry of its FIFO.
    @usableFromInline var stride = 1
    @usableFromInline var reading: FIFOHalf
    var filling: FIFOHalf
    var capacity = 0
    /// The half that is not in the PE's memory.
    var spareHalf: UnsafeMutablePointer<UInt32>?
    /// Packets that wait in the network (policy stall), as entries.
    var waiting: [UInt32] = []
    @usableFromInline var tickCycles = 0
    /// The tick up to which its program sleeps unless a packet comes, what it charges meanwhile in each, and how many such ticks are
    /// not booked yet. 0: awake.
    @usableFromInline var wakeTick = 0
    @usableFromInline var sleepCycles = 0
    var sleptTicks = 0
    /// A packet this PE sent in this tick is stalled.
    var isBlocked = false
    @usableFromInline var routes: UnsafeMutablePointer<Route>?
    @usableFromInline var routeCount = 0
    @usableFromInline var counters: UnsafeMutablePointer<PECounters>
    var lowLevel = false
    var highThreshold = 0
    /// Its island in the running schedule; -1 if it takes no part.
    var island = -1
}
