// Delays to four receivers at a time.
import Networks

/// The delays from any sender to four receivers.
struct LaneDelays {
    private let receivers: (UnsafePointer<Double>, UnsafePointer<Double>, UnsafePointer<Double>, UnsafePointer<Double>)
    /// How far two senders' lie apart.
    private let step: Int

    /// To the receivers from `first` on; whoever is not there, in the last four, receives as the last one does.
    init(_ own: DelayRows, first: Int, of receiverCount: Int) {
        let (start, last, each) = (own.start, receiverCount &- 1, own.perReceiver)
        func receiver(_ lane: Int) -> UnsafePointer<Double> { start + min(first &+ lane, last) &* each }
        receivers = (receiver(0), receiver(1), receiver(2), receiver(3))
        step = own.perSender
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
