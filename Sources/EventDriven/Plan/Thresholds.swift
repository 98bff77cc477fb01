// Whether the neurons of a layer that is moved as one share a threshold.
import Mathematics
import Neurons

/// How a neuron's state is measured, and where it begins after a spike.
protocol Thresholds {
    /// What all neurons follow in that measure.
    var flow: Flow { get }
    /// Weights of four neurons in a row.
    func measured(_ weights: SIMD4<Double>, _ vector: Int) -> SIMD4<Double>
    func measured(_ weight: Double, _ neuron: Int) -> Double
    /// A current as the neuron itself has it.
    func current(_ measured: Double, _ neuron: Int) -> Double
    func reset(_ neuron: Int) -> Double
    /// Where four neurons in a row begin.
    func starts(_ vector: Int) -> SIMD4<Double>
    /// Those of four neurons.
    func resets(_ neurons: SIMD4<Int32>) -> SIMD4<Double>
}

/// The same for all: states as they are.
struct SharedThreshold: Thresholds {
    let flow: Flow

    @inline(__always)
    func measured(_ weights: SIMD4<Double>, _ vector: Int) -> SIMD4<Double> { weights }
    @inline(__always)
    func measured(_ weight: Double, _ neuron: Int) -> Double { weight }
    @inline(__always)
    func current(_ measured: Double, _ neuron: Int) -> Double { measured }
    @inline(__always)
    func reset(_ neuron: Int) -> Double { flow.reset }
    @inline(__always)
    func starts(_ vector: Int) -> SIMD4<Double> { SIMD4(repeating: flow.start) }
    @inline(__always)
    func resets(_ neurons: SIMD4<Int32>) -> SIMD4<Double> { SIMD4(repeating: flow.reset) }
}

/// One each: membranes and currents are measured in thresholds of their neuron, which all are linear in. So every neuron has a threshold of 1,
/// and only the reset is its own.
struct OwnThresholds: Thresholds, Sendable {
    let flow: Flow
    private let columns: Columns

    private final class Columns: @unchecked Sendable {
        let threshold, inverse, reset, start: Block<Double>

        init(_ flows: [Flow], stride: Int, isMeasured: Bool) throws(SpinnpropError) {
            threshold = try Block(stride)
            inverse = try Block(stride)
            reset = try Block(stride)
            start = try Block(stride)
            for block in [threshold, inverse, reset, start] { try block.clear(stride) }
            for (neuron, own) in flows.enumerated() {
                guard isMeasured else {
                    (threshold.pointer[neuron], inverse.pointer[neuron]) = (1, 1)
                    (reset.pointer[neuron], start.pointer[neuron]) = (own.reset, own.start)
                    continue
                }
                threshold.pointer[neuron] = own.threshold
                inverse.pointer[neuron] = own.inverseThreshold
                // Rounding must not put it onto the threshold.
                reset.pointer[neuron] = min(own.reset * own.inverseThreshold, 1.0.nextDown)
                start.pointer[neuron] = own.inThresholds.start
            }
        }
    }

    /// Thresholds within which no ordinary weight over one of them leaves float64.
    private static let range = 1e-100...1e100

    /// `nil` for thresholds, or resets, that are too large or too small.
    init?(_ flows: [Flow], stride: Int) throws(SpinnpropError) {
        for own in flows {
            guard OwnThresholds.range.contains(own.threshold), own.reset.magnitude < 1e100 else { return nil }
        }
        flow = Flow(LIFNeuron(tauMem: flows[0].tauMem, tauSyn: flows[0].tauSyn, threshold: 1, reset: 0))
        columns = try Columns(flows, stride: stride, isMeasured: true)
    }

    /// States as they are, with resets and starts of their own and no threshold that they have in common. `nil` for thresholds above 0 that are too
    /// large or too small.
    init?(unmeasured flows: [Flow], stride: Int) throws(SpinnpropError) {
        for own in flows where own.threshold > 0 {
            guard OwnThresholds.range.contains(own.threshold), own.reset.magnitude < 1e100 else { return nil }
        }
        flow = Flow(
            LIFNeuron(
                tauMem: flows[0].tauMem, tauSyn: flows[0].tauSyn, threshold: .greatestFiniteMagnitude, reset: 0))
        columns = try Columns(flows, stride: stride, isMeasured: false)
    }

    @inline(__always)
    func measured(_ weights: SIMD4<Double>, _ vector: Int) -> SIMD4<Double> {
        weights * vectors(columns.inverse.pointer)[vector]
    }
    @inline(__always)
    func measured(_ weight: Double, _ neuron: Int) -> Double { weight * columns.inverse.pointer[neuron] }
    @inline(__always)
    func current(_ measured: Double, _ neuron: Int) -> Double { measured * columns.threshold.pointer[neuron] }
    @inline(__always)
    func reset(_ neuron: Int) -> Double { columns.reset.pointer[neuron] }
    @inline(__always)
    func starts(_ vector: Int) -> SIMD4<Double> { loadVector(columns.start.pointer + 4 &* vector) }
    @inline(__always)
    func resets(_ neurons: SIMD4<Int32>) -> SIMD4<Double> { gathered(columns.reset.pointer, neurons) }
}

/// What a column holds of four neurons.
@inline(__always)
func gathered(_ column: UnsafePointer<Double>, _ neurons: SIMD4<Int32>) -> SIMD4<Double> {
    SIMD4(
        column[Int(neurons[0])], column[Int(neurons[1])], column[Int(neurons[2])], column[Int(neurons[3])])
}
