// The formulas of clock-driven EventProp over slices of neurons: the only place where they stand.

import CSupport

/// What one step does to a slice of a layer, in float32, with a written order for every sum and no fused multiply-add.
///
/// A slice is a run of neurons whose number is a multiple of `width`; rows of weights and state vectors are padded with neurons that
/// never spike (threshold +infinity, everything else 0). No result depends on how a layer is cut into slices: the one sum over
/// neurons, `blockError`, is cut at multiples of `width` alone. So the engine runs whole layers and an emulated SpiNNaker2 the slices its
/// processing elements hold, and both see the same bits.
///
///     forward    I = alpha I + s,  V* = beta V + (1 - beta) I,  spike where V* > theta, then V = V_reset
///     backward   lI = alpha lI + (1 - alpha) lV,  lV = beta lV + jump                 (the lV on the right is that of the step after)
///     own spike  jump = ((theta - V_reset) lV + g) / (I - V*)
///     error      e = sum over receivers of w (lV - lI)
///
/// (arXiv 2412.15021 and its authors' public code, with the true overshoot I - V* as denominator.)
public enum ClockKernels {
    /// Neurons per block.
    @inlinable @inline(__always)
    public static var width: Int { 8 }

    /// `count` neurons rounded up to whole blocks.
    @inlinable @inline(__always)
    public static func padded(_ count: Int) -> Int { (count + 7) & ~7 }

    // MARK: - Forward

    /// I of the next step, from I and what arrives.
    @inlinable @inline(__always)
    public static func current(_ alpha: SIMD8<Float>, _ current: SIMD8<Float>, _ arrivals: SIMD8<Float>) -> SIMD8<Float>
    {
        alpha * current + arrivals
    }

    /// V* of the next step, from V and the I of the next step.
    @inlinable @inline(__always)
    public static func membrane(
        _ beta: SIMD8<Float>, _ membrane: SIMD8<Float>, _ restBeta: SIMD8<Float>, _ current: SIMD8<Float>
    ) -> SIMD8<Float> {
        beta * membrane + restBeta * current
    }

    /// The arrival of one spike at a slice: s += w.
    @inlinable @inline(__always)
    public static func gather(_ row: UnsafePointer<Float>, into arrivals: UnsafeMutablePointer<Float>, count: Int) {
        var j = 0
        while j < count {
            store(load(arrivals, j) + load(row, j), arrivals, j)
            j &+= width
        }
    }

    /// The arrival of one spike at a slice whose neurons it reaches after delays of their own, in whole steps.
    ///
    /// - Parameters:
    ///   - ring: `slots` vectors of arrivals, `stride` apart; slot n holds those of all steps that are n modulo `slots`.
    ///   - first: the slot of a delay of 0. All delays are below `slots`.
    @inlinable
    public static func gather(
        _ row: UnsafePointer<Float>, delays: UnsafePointer<Int32>, into ring: UnsafeMutablePointer<Float>, first: Int,
        slots: Int, stride: Int, count: Int
    ) {
        var j = 0
        while j < count {
            ring[slot(first, after: Int(delays[j]), slots) &* stride &+ j] += row[j]
            j &+= 1
        }
    }

    /// The arrival of one spike at a slice where nothing has arrived before: s = w.
    @inlinable @inline(__always)
    public static func copy(_ row: UnsafePointer<Float>, to arrivals: UnsafeMutablePointer<Float>, count: Int) {
        var j = 0
        while j < count {
            store(load(row, j), arrivals, j)
            j &+= width
        }
    }

    /// Keeps the largest membrane value of each neuron of a read-out, the first step of it and the current there.
    @inlinable
    public static func trackMaxima(
        currents: UnsafePointer<Float>, membranes: UnsafePointer<Float>, step: Int, count: Int,
        maxima: UnsafeMutablePointer<Float>, steps: UnsafeMutablePointer<Int32>,
        maximumCurrents: UnsafeMutablePointer<Float>
    ) {
        var j = 0
        while j < count {
            if membranes[j] > maxima[j] {
                maxima[j] = membranes[j]
                steps[j] = Int32(truncatingIfNeeded: step)
                maximumCurrents[j] = currents[j]
            }
            j &+= 1
        }
    }

    /// A bit for each neuron that spikes.
    @inlinable @inline(__always)
    public static func spikes(_ membrane: SIMD8<Float>, _ threshold: SIMD8<Float>) -> UInt8 {
        spinnprop_support_above(membrane, threshold)
    }

    /// V after a step, from V*.
    @inlinable @inline(__always)
    public static func afterSpikes(
        _ membrane: SIMD8<Float>, _ threshold: SIMD8<Float>, reset: SIMD8<Float>
    ) -> SIMD8<Float> {
        spinnprop_support_replace_above(membrane, threshold, reset)
    }

    // MARK: - Backward

    /// lV of the step before, without jumps.
    @inlinable @inline(__always)
    public static func adjointMembrane(_ beta: SIMD8<Float>, _ lambdaV: SIMD8<Float>) -> SIMD8<Float> { beta * lambdaV }

    /// lI of the step before.
    @inlinable @inline(__always)
    public static func adjointCurrent(
        _ alpha: SIMD8<Float>, _ lambdaI: SIMD8<Float>, _ restAlpha: SIMD8<Float>, _ lambdaV: SIMD8<Float>
    ) -> SIMD8<Float> {
        alpha * lambdaI + restAlpha * lambdaV
    }

    /// What an own spike adds to lV of the step before. Nothing where there is no error, even if the overshoot I - V* is 0.
    @inlinable @inline(__always)
    public static func jump(error: Float, current: Float, membrane: Float, gain: Float, lambdaV: Float) -> Float {
        let numerator = gain * lambdaV + error
        return numerator == 0 ? 0 : numerator / (current - membrane)
    }

    /// What the maximum of a leaky read-out adds to lV of the step before; `tauMem` in steps.
    @inlinable @inline(__always)
    public static func jump(maximumError: Float, tauMem: Float) -> Float { -maximumError / tauMem }

    /// The error that one block of receivers, from `j` on, sends back to a spike: ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)).
    @inlinable @inline(__always)
    public static func blockError(
        _ row: UnsafePointer<Float>, lambdaV: UnsafePointer<Float>, lambdaI: UnsafePointer<Float>, _ j: Int
    ) -> Float {
        blockError(load(row, j), load(lambdaV, j) - load(lambdaI, j))
    }

    /// The error that one block of receivers sends back, from their weights and their lV - lI.
    @inlinable @inline(__always)
    public static func blockError(_ weights: SIMD8<Float>, _ difference: SIMD8<Float>) -> Float {
        let terms = weights * difference
        let pairs = terms.evenHalf + terms.oddHalf
        let halves = pairs.evenHalf + pairs.oddHalf
        return halves[0] + halves[1]
    }

    /// The errors of all blocks of a slice, for a receiver of them to add up in ascending order from 0.
    @inlinable
    public static func blockErrors(
        _ row: UnsafePointer<Float>, lambdaV: UnsafePointer<Float>, lambdaI: UnsafePointer<Float>, count: Int,
        into sums: UnsafeMutablePointer<Float>
    ) {
        var j = 0
        while j < count {
            sums[j / width] = blockError(row, lambdaV: lambdaV, lambdaI: lambdaI, j)
            j &+= width
        }
    }

    /// The error that all blocks of a slice send back to a spike, added up in ascending order from 0.
    @inlinable @inline(__always)
    public static func error(
        _ row: UnsafePointer<Float>, lambdaV: UnsafePointer<Float>, lambdaI: UnsafePointer<Float>, count: Int
    ) -> Float {
        var total: Float = 0
        var j = 0
        while j < count {
            total += blockError(row, lambdaV: lambdaV, lambdaI: lambdaI, j)
            j &+= width
        }
        return total
    }

    /// Adds a slice of lI to what one sender's weights have gathered: sum += lI.
    @inlinable @inline(__always)
    public static func accumulate(_ lambdaI: UnsafePointer<Float>, to sums: UnsafeMutablePointer<Float>, count: Int) {
        gather(lambdaI, into: sums, count: count)
    }

    /// Adds to what the delays of single receivers have gathered: sum += w (lV - lI).
    @inlinable
    public static func accumulateDelays(
        _ row: UnsafePointer<Float>, lambdaV: UnsafePointer<Float>, lambdaI: UnsafePointer<Float>,
        to sums: UnsafeMutablePointer<Float>, count: Int
    ) {
        var j = 0
        while j < count {
            store(load(sums, j) + load(row, j) * (load(lambdaV, j) - load(lambdaI, j)), sums, j)
            j &+= width
        }
    }

    /// Picks each receiver's adjoint from the step that its delay leads to; the counterpart of `gather(_:delays:)`.
    @inlinable
    public static func collect(
        _ ring: UnsafePointer<Float>, delays: UnsafePointer<Int32>, first: Int, slots: Int, stride: Int, count: Int,
        into picked: UnsafeMutablePointer<Float>
    ) {
        var j = 0
        while j < count {
            picked[j] = ring[slot(first, after: Int(delays[j]), slots) &* stride &+ j]
            j &+= 1
        }
    }

    /// The slot of a ring that lies `delay` < `slots` steps after another.
    @inlinable @inline(__always)
    public static func slot(_ first: Int, after delay: Int, _ slots: Int) -> Int {
        let sum = first &+ delay
        return sum < slots ? sum : sum &- slots
    }

    /// Whether all are numbers.
    @inlinable
    public static func areFinite(_ values: UnsafePointer<Float>, count: Int) -> Bool {
        var sum = SIMD8<Float>(repeating: 0)
        var j = 0
        while j < count {
            // 0 for a number, NaN otherwise.
            sum += load(values, j) - load(values, j)
            j &+= width
        }
        return sum == SIMD8(repeating: 0)
    }

    // MARK: - Vectors

    @inlinable @inline(__always)
    public static func load(_ pointer: UnsafePointer<Float>, _ j: Int) -> SIMD8<Float> {
        UnsafeRawPointer(pointer + j).loadUnaligned(as: SIMD8<Float>.self)
    }

    @inlinable @inline(__always)
    public static func store(_ value: SIMD8<Float>, _ pointer: UnsafeMutablePointer<Float>, _ j: Int) {
        UnsafeMutableRawPointer(pointer + j).storeBytes(of: value, as: SIMD8<Float>.self)
    }
}
