// The constants of a layer's neurons, worked out once in float64 and rounded once to float32.
import ClockArithmetic
import Mathematics
import Networks
import Neurons

extension ClockConstants {
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
        let (width, isUniform) = (ClockKernels.width, layer.parameters.isUniform)
        var neuron = 0
        while neuron < stride {
            if isUniform, neuron >= width, neuron % width == 0, neuron + width <= layer.neuronCount {
                (block + neuron * count).update(from: block, count: width * count)
                neuron += width
                continue
            }
            if neuron >= layer.neuronCount {
                values = ClockConstant.allCases.map { $0 == .threshold ? .infinity : 0 }
            } else if neuron == 0 || !isUniform {
                values = try numbers(
                    layer.parameters[neuron], isSpiking: layer.isSpiking, grid: grid,
                    place: "neuron \(neuron) of layer \(index)")
            }
            for constant in ClockConstant.allCases { block[position(constant, neuron)] = values[constant.rawValue] }
            neuron += 1
        }
    }

    /// In the order of `ClockConstant`.
    private static func numbers(
        _ own: LIFNeuron, isSpiking: Bool, grid: TimeGrid, place: @autoclosure () -> String
    ) throws(SpinnpropError) -> [Float] {
        var values: [Double] = []
        for (name, tau) in [("tau_syn", own.tauSyn), ("tau_mem", own.tauMem)] {
            let elapsed = grid.timeStep / tau
            switch grid.decay {
            case .exponential: values += [Elementary.exp(-elapsed), -Elementary.expm1(-elapsed)]
            case .euler:
                guard elapsed <= 1 else {
                    throw .invalidValue(
                        "time_step is \(grid.timeStep), longer than \(name) of \(place()), \(tau): Euler decay would overshoot; "
                            + "use a shorter step or exponential decay")
                }
                values += [1 - elapsed, elapsed]
            }
        }
        values += [
            own.threshold, own.reset, own.threshold - own.reset, own.tauSyn / grid.timeStep, own.tauMem / grid.timeStep,
        ]
        var rounded = values.map { Float($0) }
        let (threshold, reset) = (rounded[ClockConstant.threshold.rawValue], rounded[ClockConstant.reset.rawValue])
        guard rounded.allSatisfy(\.isFinite), threshold > 0, reset < threshold else {
            throw .invalidValue(
                "the parameters of \(place()) (threshold \(own.threshold), reset \(own.reset), tau_syn \(own.tauSyn), "
                    + "tau_mem \(own.tauMem)) do not fit float32 with time_step \(grid.timeStep); use engine \"event\"")
        }
        if !isSpiking { rounded[ClockConstant.threshold.rawValue] = .infinity }
        return rounded
    }
}
