// What one step needs to know of neurons, laid out for vectors.

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
@frozen
public enum ClockConstant: Int, Sendable, CaseIterable {
    case alpha, restAlpha, beta, restBeta, threshold, reset, gain, tauSyn, tauMem
}

/// Constants of a slice of neurons: block after block of eight neurons, and in each block eight of each constant side by side.
@frozen
public struct ClockConstants {
    /// Constants per neuron.
    @inlinable @inline(__always)
    public static var count: Int { 9 }

    @usableFromInline let pointer: UnsafePointer<Float>
    /// Whether all neurons have the first one's constants; those of the padding, which are always at rest, count as theirs.
    public let isUniform: Bool

    /// - Parameter isUniform: whether all neurons of the slice are alike.
    @inlinable @inline(__always)
    public init(_ pointer: UnsafePointer<Float>, isUniform: Bool = false) {
        self.pointer = pointer
        self.isUniform = isUniform
    }

    /// A constant of one neuron.
    @inlinable @inline(__always)
    public subscript(constant: ClockConstant, neuron: Int) -> Float {
        pointer[ClockConstants.position(constant, neuron)]
    }

    /// A constant of the block of neurons that begins with `first`.
    @inlinable @inline(__always)
    public func vector(_ constant: ClockConstant, _ first: Int) -> SIMD8<Float> {
        UnsafeRawPointer(pointer + (first &* ClockConstants.count &+ constant.rawValue &* ClockKernels.width))
            .loadUnaligned(as: SIMD8<Float>.self)
    }

    /// The first neuron's constant, for a whole block.
    @inlinable @inline(__always)
    public func splat(_ constant: ClockConstant) -> SIMD8<Float> { SIMD8(repeating: self[constant, 0]) }

    @inlinable @inline(__always)
    public static func position(_ constant: ClockConstant, _ neuron: Int) -> Int {
        let lane = neuron & (ClockKernels.width - 1)
        return (neuron &- lane) &* count &+ constant.rawValue &* ClockKernels.width &+ lane
    }
}
