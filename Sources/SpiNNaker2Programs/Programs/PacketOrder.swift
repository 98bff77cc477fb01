// Packets of a tick in ascending order of their keys: the order in which programs must add up, whatever the order of arrival.
import SpiNNaker2

package struct PacketOrder {
    private var sorted: [UInt32] = []

    package init() {}

    /// The packets, in place if they came in order. Valid until the next call, and during the tick.
    @inline(__always)
    package mutating func packets(_ context: TickContext) -> UnsafePointer<UInt32> {
        let (packets, count, stride) = (context.packets, context.packetCount, context.packetStride)
        var n = 1
        while n < count, packets[(n &- 1) &* stride] <= packets[n &* stride] { n &+= 1 }
        return n >= count ? packets : sort(packets, count, stride)
    }

    @inline(never)
    private mutating func sort(_ packets: UnsafePointer<UInt32>, _ count: Int, _ stride: Int) -> UnsafePointer<UInt32> {
        let order = (0..<count).sorted { (packets[$0 * stride], $0) < (packets[$1 * stride], $1) }
        sorted.removeAll(keepingCapacity: true)
        for n in order {
            for word in 0..<stride { sorted.append(packets[n * stride + word]) }
        }
        // The array is not touched again before the next call.
        return sorted.withUnsafeBufferPointer { $0.baseAddress } ?? packets
    }
}
