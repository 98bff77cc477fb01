// Keeps long loops attentive: counts work and asks now and then whether to stop.
import Mathematics

/// One per worker. A unit of work is one state moved by one event, a nanosecond or so.
final class Poller {
    private let monitor: Monitor?
    private var work = 0
    private static let patience = 1 << 19

    init(_ monitor: Monitor?) { self.monitor = monitor }

    /// Counts work done; once in a while tells whether the run has been cancelled. After that it goes on saying so.
    @inline(__always)
    func isStopped(after amount: Int) -> Bool {
        work &+= amount
        return work >= Poller.patience && ask()
    }

    /// The same for loops that may throw.
    @inline(__always)
    func spend(_ amount: Int) throws(SpinnpropError) {
        if isStopped(after: amount) { throw .cancelled }
    }

    @inline(never)
    private func ask() -> Bool {
        guard let monitor else {
            work = 0
            return false
        }
        let isStopped = monitor.poll()
        // A stopped run asks again at once.
        work = isStopped ? Poller.patience : 0
        return isStopped
    }
}
