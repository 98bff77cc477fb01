// One step of a slice of neurons, forward and backward.
import ClockArithmetic

/// One step of a slice; clears the arrivals it has used, lists the neurons that spike in ascending order and resets them.
///
/// - Parameters:
///   - arrivals: `nil` if nothing arrives.
///   - units: takes, per spike, the neuron, counted from the slice's first; `spikeCurrents` and `spikeMembranes` take I and V*. All have
///     room for `count`.
/// - Returns: the number of spikes.
@inline(never)
public func advanceNeurons(
    arrivals: UnsafeMutablePointer<Float>?, currents: UnsafeMutablePointer<Float>,
    membranes: UnsafeMutablePointer<Float>, _ constants: ClockConstants, count: Int,
    units: UnsafeMutablePointer<Int32>, spikeCurrents: UnsafeMutablePointer<Float>,
    spikeMembranes: UnsafeMutablePointer<Float>
) -> Int {
    let zero = SIMD8<Float>(repeating: 0)
    var found = 0
    var first = 0
    while first < count {
        // Where spikes fall is beyond any processor's guess, so up to 64 neurons share one branch.
        let last = min(first &+ UInt64.bitWidth, count)
        var crossed: UInt64 = 0
        if let arrivals {
            forBlocks(first, last, constants, .alpha, .beta, .restBeta, .threshold) {
                j, alpha, beta, restBeta, threshold in
                let current = ClockKernels.current(
                    alpha, ClockKernels.load(currents, j), ClockKernels.load(arrivals, j))
                let membrane = ClockKernels.membrane(beta, ClockKernels.load(membranes, j), restBeta, current)
                ClockKernels.store(current, currents, j)
                ClockKernels.store(membrane, membranes, j)
                ClockKernels.store(zero, arrivals, j)
                crossed |= UInt64(ClockKernels.spikes(membrane, threshold)) &<< UInt64(truncatingIfNeeded: j &- first)
            }
        } else {
            forBlocks(first, last, constants, .alpha, .beta, .restBeta, .threshold) {
                j, alpha, beta, restBeta, threshold in
                let current = ClockKernels.current(alpha, ClockKernels.load(currents, j), zero)
                let membrane = ClockKernels.membrane(beta, ClockKernels.load(membranes, j), restBeta, current)
                ClockKernels.store(current, currents, j)
                ClockKernels.store(membrane, membranes, j)
                crossed |= UInt64(ClockKernels.spikes(membrane, threshold)) &<< UInt64(truncatingIfNeeded: j &- first)
            }
        }
        while crossed != 0 {
            let neuron = first &+ crossed.trailingZeroBitCount
            crossed &= crossed &- 1
            units[found] = Int32(truncatingIfNeeded: neuron)
            spikeCurrents[found] = currents[neuron]
            spikeMembranes[found] = membranes[neuron]
            membranes[neuron] = constants[.reset, neuron]
            found &+= 1
        }
        first = last
    }
    return found
}

/// One step back of a slice's adjoints, without jumps.
@inline(never)
public func retreatNeurons(
    lambdaV: UnsafePointer<Float>, lambdaI: UnsafePointer<Float>, toV earlierV: UnsafeMutablePointer<Float>,
    toI earlierI: UnsafeMutablePointer<Float>, _ constants: ClockConstants, count: Int
) {
    forBlocks(0, count, constants, .alpha, .restAlpha, .beta, .beta) { j, alpha, restAlpha, beta, _ in
        let v = ClockKernels.load(lambdaV, j)
        ClockKernels.store(
            ClockKernels.adjointCurrent(alpha, ClockKernels.load(lambdaI, j), restAlpha, v), earlierI, j)
        ClockKernels.store(ClockKernels.adjointMembrane(beta, v), earlierV, j)
    }
}

/// Calls `body` for each block with four of its constants: loaded for each, or once where all neurons are alike.
@inline(__always)
private func forBlocks(
    _ start: Int, _ end: Int, _ constants: ClockConstants, _ first: ClockConstant, _ second: ClockConstant,
    _ third: ClockConstant, _ fourth: ClockConstant,
    _ body: (Int, SIMD8<Float>, SIMD8<Float>, SIMD8<Float>, SIMD8<Float>) -> Void
) {
    var j = start
    if constants.isUniform {
        let (first, second) = (constants.splat(first), constants.splat(second))
        let (third, fourth) = (constants.splat(third), constants.splat(fourth))
        while j < end {
            body(j, first, second, third, fourth)
            j &+= ClockKernels.width
        }
    } else {
        while j < end {
            body(
                j, constants.vector(first, j), constants.vector(second, j), constants.vector(third, j),
                constants.vector(fourth, j))
            j &+= ClockKernels.width
        }
    }
}
