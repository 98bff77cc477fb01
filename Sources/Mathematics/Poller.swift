// Keeps long loops attentive: counts work and asks now and then whether to stop.

/// One per worker. A unit of work is one state moved by one event, a nanosecond or so.
public final class Poller {
    private var monitor: Monitor?
    @usableFromInline var work = 0
    /// After so much work it asks.
    public static var workBetweenPolls: Int {
        @inlinable @inline(__always) get { 1 << 19 }
    }

    public init(_ monitor: Monitor?) { self.monitor = monitor }

    /// Turns to another call.
    public func watch(_ monitor: Monitor?) { self.monitor = monitor }

    /// Counts work done; once in a while tells whether the run has been cancelled. After that it goes on saying so.
    @inlinable @inline(__always)
    public func isStopped(after amount: Int) -> Bool {
        work &+= amount
        return work >= Poller.workBetweenPolls && ask()
    }

    /// Counts work done, as `isStopped` does, in loops that may throw. - Throws: `cancelled`, `outOfMemory`.
    @inlinable @inline(__always)
    public func spend(_ amount: Int) throws(SpinnpropError) {
        work &+= amount
        if work >= Poller.workBetweenPolls { try askOrThrow() }
    }

    @usableFromInline @inline(never)
    func askOrThrow() throws(SpinnpropError) {
        try Memory.poll()
        if ask() { throw .cancelled }
    }

    @usableFromInline @inline(never)
    func ask() -> Bool {
        guard let monitor else {
            work = 0
            return false
        }
        let isStopped = monitor.poll()
        // A stopped run asks again at once.
        work = isStopped ? Poller.workBetweenPolls : 0
        return isStopped
    }
}
