// What one step needs to know of neurons, worked out once in float64 and rounded once to float32.
import Mathematics
import Networks
import Neurons

/// A constant of a neuron.
///
/// | constant    | exponential           | Euler        | padding   |
/// |-------------|-----------------------|--------------|-----------|
/// | `alpha`     | exp(-dt / tau_s)      | 1 - dt/tau_s | 0         |
/// | `restAlpha` | 1 - exp(-dt / tau_s)  | dt / tau_s   | 0         |
/// | `beta`      | exp(-dt / tau_m)      | 1 - dt/tau_m | 0         |
/// | `restBeta`  | 1 - exp(-dt / tau_m)  | dt / tau_m   | 0         |
/// | `threshold` | theta, +infinity for a leaky read-out  || +infinity |
/// | `reset`     | V_reset                                || 0         |
/// | `gain`      | theta - V_reset                        || 0         |
/// | `tauSyn`    | tau_s / dt                             || 0         |
/// | `tauMem`    | tau_m / dt                             || 0         |
public enum ClockConstant: Int, Sendable, CaseIterable {
    case alpha, restAlpha, beta, restBeta, threshold, reset, gain, tauSyn, tauMem
}

/// Constants of a slice of neurons: block after block of eight neurons, and in each block eight of each constant side by side.
public struct ClockConstants {
    /// Constants per neuron.
    public static let count = 9

    @usableFromInline let pointer: UnsafePointer<Float>
    /// Whether all neurons have the first one's constants; those of the padding, which are always at rest, count as theirs.
    let isUniform: Bool

    /// - Parameter isUniform: whether all neurons of the slice are alike.
    public init(_ pointer: UnsafePointer<Float>, isUniform: Bool = false) {
        self.pointer = pointer
        self.isUniform = isUniform
    }

    /// A constant of one neuron.
    @inline(__always)
    public subscript(constant: ClockConstant, neuron: Int) -> Float {
        pointer[ClockConstants.position(constant, neuron)]
    }

    /// A constant of the block of neurons that begins with `first`.
    @inline(__always)
    func vector(_ constant: ClockConstant, _ first: Int) -> SIMD8<Float> {
        UnsafeRawPointer(pointer + (first &* ClockConstants.count &+ constant.rawValue &* ClockKernels.width))
            .loadUnaligned(as: SIMD8<Float>.self)
    }

    /// The first neuron's constant, for a whole block.
    @inline(__always)
    func splat(_ constant: ClockConstant) -> SIMD8<Float> { SIMD8(repeating: self[constant, 0]) }

    @inline(__always)
    private static func position(_ constant: ClockConstant, _ neuron: Int) -> Int {
        let lane = neuron & (ClockKernels.width - 1)
        return (neuron &- lane) &* count &+ constant.rawValue &* ClockKernels.width &+ lane
    }

    /// Works the constants of a layer out.
    ///
    /// - Parameters:
    ///   - block: takes `count` elements for each of `stride` neurons, padding included.
    ///   - index: the layer's, for messages.
    /// - Throws: `invalidValue` for a time step longer than a time constant under Euler decay, and for a parameter beyond float32.
    public static func fill(
        _ block: UnsafeMutablePointer<Float>, stride: Int, layer: Layer, index: Int, grid: TimeGrid
    ) throws(SpinnpropError) {
        var values: [Float] = []
        for neuron in 0..<stride {
            if neuron >= layer.neuronCount {
                values = ClockConstant.allCases.map { $0 == .threshold ? .infinity : 0 }
            } else if neuron == 0 || !layer.parameters.isUniform {
                values = try numbers(
                    layer.parameters[neuron], isSpiking: layer.isSpiking, grid: grid,
                    place: "neuron \(neuron) of layer \(index)")
            }
            for constant in ClockConstant.allCases { block[position(constant, neuron)] = values[constant.rawValue] }
        }
    }

    /// In the order of `ClockConstant`.
    private static func numbers(
        _ own: LIFNeuron, isSpiking: Bool, grid: TimeGrid, place: String
    ) throws(SpinnpropError) -> [Float] {
        var values: [Double] = []
        for (name, tau) in [("tau_syn", own.tauSyn), ("tau_mem", own.tauMem)] {
            let elapsed = grid.timeStep / tau
            switch grid.decay {
            case .exponential: values += [Elementary.exp(-elapsed), -Elementary.expm1(-elapsed)]
            case .euler:
                guard elapsed <= 1 else {
                    throw .invalidValue(
                        "time_step is \(grid.timeStep), longer than \(name) of \(place), \(tau): Euler decay would overshoot; "
                            + "use a shorter step or exponential decay")
                }
                values += [1 - elapsed, elapsed]
            }
        }
        values += [
            own.threshold, own.reset, own.threshold - own.reset, own.tauSyn / grid.timeStep, own.tauMem / grid.timeStep,
        ]
        var rounded = values.map { Float($0) }
        guard rounded.allSatisfy(\.isFinite), rounded[4] > 0, rounded[5] < rounded[4] else {
            throw .invalidValue(
                "the parameters of \(place) (threshold \(own.threshold), reset \(own.reset), tau_syn \(own.tauSyn), "
                    + "tau_mem \(own.tauMem)) do not fit float32 with time_step \(grid.timeStep); use engine \"event\"")
        }
        if !isSpiking { rounded[ClockConstant.threshold.rawValue] = .infinity }
        return rounded
    }
}
