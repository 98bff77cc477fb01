// The bound on the number of spikes that turns runaway activity into an error.
import Mathematics
import Synchronization

/// Counts the spikes of a whole run; shared by all its parts.
public final class SpikeBudget: Sendable {
    public let limit: Int
    private let total = Atomic<Int>(0)

    public init(limit: Int) { self.limit = limit }

    /// To be called within a sample now and then with the number of spikes its part holds in a layer so far.
    @inlinable @inline(__always)
    public func check(_ count: Int, layer: Int, time: Double) throws(SpinnpropError) {
        if count > limit { throw exceeded("layer \(layer) at t = \(time) s") }
    }

    /// To be called after each sample with the spikes it made. Which sample comes last depends on the threads, so none is
    /// named.
    public func add(_ count: Int) throws(SpinnpropError) {
        if total.add(count, ordering: .relaxed).newValue > limit { throw exceeded("the samples of this run together") }
    }

    @usableFromInline @inline(never)
    func exceeded(_ place: String) -> SpinnpropError {
        SpinnpropError(
            .tooManySpikes,
            "more than max_spikes = \(limit) spikes: \(place); smaller weights or a shorter t_end stop runaway activity, "
                + "a larger max_spikes allows it")
    }
}
