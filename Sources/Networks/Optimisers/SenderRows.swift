// Weights as engines read them: all synapses of one sender side by side.
import Mathematics

/// An array of a connection as (pre, post), rows padded to `stride` by zeros; a network has it as (post, pre).
public struct SenderRows<Real: MachineReal>: @unchecked Sendable {
    public let preCount: Int
    public let postCount: Int
    public let stride: Int
    /// The first number; the memory belongs to whoever made it.
    public let pointer: UnsafeMutablePointer<Real>

    public init(preCount: Int, postCount: Int, stride: Int, pointer: UnsafeMutablePointer<Real>) {
        (self.preCount, self.postCount, self.stride, self.pointer) = (preCount, postCount, stride, pointer)
    }

    public var count: Int { preCount &* stride }

    /// Rows of this shape at another address.
    public func at(_ other: UnsafeMutablePointer<Real>) -> SenderRows {
        SenderRows(preCount: preCount, postCount: postCount, stride: stride, pointer: other)
    }

    /// Takes the values of a network's array, unless `poller` says to stop.
    @_specialize(where Real == Double)
    @_specialize(where Real == Float)
    public func load(_ values: [Double], _ poller: Poller) {
        let (post, pre, stride, turned) = (postCount, preCount, stride, pointer)
        if stride != post { turned.update(repeating: 0, count: count) }
        values.withUnsafeBufferPointer { values in
            // Blocks of rows keep both sides in the cache.
            var first = 0
            while first < post, !poller.isStopped(after: 16 &* pre) {
                let last = min(first &+ 16, post)
                var i = 0
                while i < pre {
                    var j = first
                    while j < last {
                        turned[i &* stride &+ j] = Real(values[j &* pre &+ i])
                        j &+= 1
                    }
                    i &+= 1
                }
                first = last
            }
        }
    }

    /// Leaves the values where a network has them.
    @_specialize(where Real == Double)
    @_specialize(where Real == Float)
    public func store(_ values: UnsafeMutablePointer<Double>) {
        let (post, pre, stride, turned) = (postCount, preCount, stride, pointer)
        var first = 0
        while first < post {
            let last = min(first &+ 16, post)
            var i = 0
            while i < pre {
                var j = first
                while j < last {
                    values[j &* pre &+ i] = Double(turned[i &* stride &+ j])
                    j &+= 1
                }
                i &+= 1
            }
            first = last
        }
    }

    /// The values in a network's order.
    public var values: [Double] {
        [Double](unsafeUninitializedCapacity: preCount * postCount) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            store(base)
            count = preCount * postCount
        }
    }
}
