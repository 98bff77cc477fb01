// What one step needs to know of neurons, worked out once in float64 and rounded once to float32.
import Mathematics
import Networks
import Neurons

/// Constants of a slice of neurons: one float32 number per neuron in each vector, padded to whole blocks.
///
/// | vector       | exponential           | Euler        | padding   |
/// |--------------|-----------------------|--------------|-----------|
/// | `alpha`      | exp(-dt / tau_s)      | 1 - dt/tau_s | 0         |
/// | `restAlpha`  | 1 - exp(-dt / tau_s)  | dt / tau_s   | 0         |
/// | `beta`       | exp(-dt / tau_m)      | 1 - dt/tau_m | 0         |
/// | `restBeta`   | 1 - exp(-dt / tau_m)  | dt / tau_m   | 0         |
/// | `threshold`  | theta                                || +infinity |
/// | `reset`      | V_reset                              || 0         |
/// | `gain`       | theta - V_reset                      || 0         |
/// | `tauSyn`     | tau_s / dt                           || 0         |
/// | `tauMem`     | tau_m / dt                           || 0         |
public struct ClockConstants {
    /// Vectors in a block of constants.
    public static let vectorCount = 9

    public let alpha: UnsafePointer<Float>
    public let restAlpha: UnsafePointer<Float>
    public let beta: UnsafePointer<Float>
    public let restBeta: UnsafePointer<Float>
    public let threshold: UnsafePointer<Float>
    public let reset: UnsafePointer<Float>
    public let gain: UnsafePointer<Float>
    public let tauSyn: UnsafePointer<Float>
    public let tauMem: UnsafePointer<Float>

    /// Constants that lie in `block`, one vector of `stride` elements after the other, in the order of the table.
    public init(_ block: UnsafePointer<Float>, stride: Int) {
        alpha = block
        restAlpha = block + stride
        beta = block + 2 * stride
        restBeta = block + 3 * stride
        threshold = block + 4 * stride
        reset = block + 5 * stride
        gain = block + 6 * stride
        tauSyn = block + 7 * stride
        tauMem = block + 8 * stride
    }

    /// Those of the neurons from `first` on, a multiple of the block width.
    public func slice(from first: Int) -> ClockConstants { ClockConstants(self, offset: first) }

    private init(_ whole: ClockConstants, offset: Int) {
        alpha = whole.alpha + offset
        restAlpha = whole.restAlpha + offset
        beta = whole.beta + offset
        restBeta = whole.restBeta + offset
        threshold = whole.threshold + offset
        reset = whole.reset + offset
        gain = whole.gain + offset
        tauSyn = whole.tauSyn + offset
        tauMem = whole.tauMem + offset
    }

    /// Works the constants of a layer out.
    ///
    /// - Parameter block: takes `vectorCount` vectors of `stride` elements.
    /// - Throws: `invalidValue` for a time step longer than a time constant under Euler decay, and for a parameter beyond float32.
    public static func fill(
        _ block: UnsafeMutablePointer<Float>, stride: Int, layer: Layer, index: Int, grid: TimeGrid
    ) throws(SpinnpropError) {
        block.update(repeating: 0, count: vectorCount * stride)
        (block + 4 * stride).update(repeating: .infinity, count: stride)
        // Neurons that share all parameters are filled in together.
        let group = layer.parameters.isUniform ? layer.neuronCount : 1
        for neuron in Swift.stride(from: 0, to: layer.neuronCount, by: group) {
            let values = try numbers(layer.parameters[neuron], grid: grid, place: "neuron \(neuron) of layer \(index)")
            for (row, value) in values.enumerated() {
                (block + (row * stride + neuron)).update(repeating: value, count: group)
            }
        }
        // A leaky read-out has no threshold.
        if !layer.isSpiking { (block + 4 * stride).update(repeating: .infinity, count: stride) }
    }

    private static func numbers(
        _ own: LIFNeuron, grid: TimeGrid, place: String
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
        let rounded = values.map { Float($0) }
        guard rounded.allSatisfy(\.isFinite), rounded[4] > 0, rounded[5] < rounded[4] else {
            throw .invalidValue(
                "the parameters of \(place) (threshold \(own.threshold), reset \(own.reset), tau_syn \(own.tauSyn), "
                    + "tau_mem \(own.tauMem)) do not fit float32 with time_step \(grid.timeStep); use engine \"event\"")
        }
        return rounded
    }
}
