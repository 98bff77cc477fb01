// What a leaky read-out is decoded by: the maxima of its membranes.
import Mathematics

/// The highest value of a membrane, with its time.
package struct MembraneMaximum {
    /// Never below 0, the value at the start.
    package var value: Double
    package var time: Double
    /// The current there and the drive, before any arrival at that time. Set equal to `value` where the time does not move with the
    /// arrivals: at a smooth peak it is, and at the end of the run the time is fixed.
    package var current: Double

    package init(value: Double = 0, time: Double = 0, current: Double = 0) {
        (self.value, self.time, self.current) = (value, time, current)
    }
}

/// The maxima of a leaky read-out, (sample, output); parts write disjoint pieces. Empty for a spiking one.
package final class ReadoutMaxima: @unchecked Sendable {
    private let count: Int
    private let outputCount: Int
    private let block: Block<MembraneMaximum>

    package init(_ network: Network, sampleCount: Int) throws(SpinnpropError) {
        outputCount = network.outputCount
        let isLeaky = !network.layers[network.layers.count - 1].isSpiking
        // Once while running, once in the recording.
        count = try Memory.product(
            isLeaky ? sampleCount : 0, outputCount, bytesPerElement: 2 * MemoryLayout<MembraneMaximum>.stride,
            "the read-out")
        block = try Block(count)
    }

    /// Those of a sample, one per output.
    package func of(_ sample: Int) -> UnsafeMutablePointer<MembraneMaximum> { block.pointer + sample * outputCount }

    package var values: [Double] { (0..<count).map { block.pointer[$0].value } }
    package var times: [Double] { (0..<count).map { block.pointer[$0].time } }
    package var currents: [Double] { (0..<count).map { block.pointer[$0].current } }
}
