// Delays to four receivers at a time.
import Networks

/// The delays from any sender to four receivers.
struct LaneDelays {
    private let receivers: (UnsafePointer<Double>, UnsafePointer<Double>, UnsafePointer<Double>, UnsafePointer<Double>)
    /// How far two senders' lie apart.
    private let step: Int

    /// To the receivers from `first` on; whoever is not there, in the last four, receives as the last one does.
    init(_ own: EventConnection, first: Int) {
        let (kind, last) = (own.connection.delayKind, own.connection.postCount - 1)
        let (row, noDelay) = (UnsafePointer(own.delayRow.pointer), UnsafePointer(own.noDelay.pointer))
        func receiver(_ lane: Int) -> UnsafePointer<Double> {
            let post = min(first + lane, last)
            switch kind {
            case .none: return noDelay
            case .synaptic: return row + post * own.connection.preCount
            case .axonal: return row
            case .dendritic: return row + post
            }
        }
        receivers = (receiver(0), receiver(1), receiver(2), receiver(3))
        step = kind == .synaptic || kind == .axonal ? 1 : 0
    }

    @inline(__always)
    func from(_ pre: Int) -> SIMD4<Double> {
        let at = pre &* step
        return SIMD4(receivers.0[at], receivers.1[at], receivers.2[at], receivers.3[at])
    }

    /// Of a sender each.
    @inline(__always)
    func from(_ pre: (Int, Int, Int, Int)) -> SIMD4<Double> {
        SIMD4(
            receivers.0[pre.0 &* step], receivers.1[pre.1 &* step], receivers.2[pre.2 &* step],
            receivers.3[pre.3 &* step])
    }
}
