// The search for the causal set of four neurons at once: the first prefix of their sorted inputs that makes them spike.
import Mathematics
import Neurons

/// Inputs of four neurons in order of time, the k-th of each.
protocol SortedArrivals {
    var count: Int { get }
    @inline(__always) func time(_ k: Int) -> SIMD4<Double>
    @inline(__always) func weight(_ k: Int) -> SIMD4<Double>
    /// Of the interval from the k-th to the next; that after the last has no end, and all three are 0.
    @inline(__always) func interval(_ k: Int) -> (a: SIMD4<Double>, b: SIMD4<Double>, h: SIMD4<Double>)
}

/// Where four neurons stand at the latest input of their causal sets.
struct CausalState {
    var v = SIMD4<Double>.zero
    var i = SIMD4<Double>.zero
    /// Of the latest input; infinite: no causal set, no spike.
    var start = SIMD4<Double>(repeating: .infinity)
    /// Of the first input that is not in the set.
    var end = SIMD4<Double>(repeating: .infinity)
    /// Not 0 in lanes whose current has left float64.
    var overflow = SIMD4<Double>.zero
}

extension ClosedForm {
    /// The earliest prefix whose spike comes at its latest input or later, and before the next.
    ///
    /// A spike needs the threshold to be exceeded, not only touched. Inputs at one time come as one, and before any spike at that time: a
    /// membrane that is at the threshold as they come spikes then if it rises with them, and does not if they make it fall.
    @inline(__always)
    static func scan(_ arrivals: some SortedArrivals, _ thresholds: Thresholds) -> CausalState {
        var found = CausalState()
        var (v, i) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
        let count = arrivals.count
        var k = 0
        while k < count {
            let current = i + arrivals.weight(k)
            let (a, b, h) = arrivals.interval(k)
            let endV = v * a + current * h
            let endI = current * b
            // Above the threshold at the end, or past its peak; without a current above the threshold it does not get there.
            let asked =
                ((endV .> thresholds.value) .| (endV .>= endI)) .& (current .> thresholds.value)
                .& (found.start .== .infinity)
            let spikes = crossing(asked, v: v, i: current, thresholds)
            found.v.replace(with: v, where: spikes)
            found.i.replace(with: current, where: spikes)
            found.start.replace(with: arrivals.time(k), where: spikes)
            found.end.replace(with: arrivals.time(k &+ 1), where: spikes)
            if all(found.start .< .infinity) { break }
            v = lesser(endV, thresholds.below)
            i = endI
            k &+= 1
        }
        found.overflow = (i - i) + (found.i - found.i)
        return found
    }
}

/// The same inputs for all neurons of a layer.
struct SharedArrivals: SortedArrivals {
    let count: Int
    /// With an infinite one after the last.
    let times: UnsafePointer<Double>
    let units: UnsafePointer<Int32>
    let a: UnsafePointer<Double>
    let b: UnsafePointer<Double>
    let h: UnsafePointer<Double>
    /// The weights of the four neurons in the first row.
    let weights: UnsafePointer<Double>
    let stride: Int

    @inline(__always)
    func time(_ k: Int) -> SIMD4<Double> { SIMD4(repeating: times[k]) }

    @inline(__always)
    func weight(_ k: Int) -> SIMD4<Double> { vector(weights + Int(units[k]) &* stride) }

    @inline(__always)
    func interval(_ k: Int) -> (a: SIMD4<Double>, b: SIMD4<Double>, h: SIMD4<Double>) {
        (SIMD4(repeating: a[k]), SIMD4(repeating: b[k]), SIMD4(repeating: h[k]))
    }
}

/// Inputs that come to each of four neurons at times of its own.
struct OwnArrivals: SortedArrivals {
    let count: Int
    /// Four numbers for each k; an infinite time where a neuron has no more.
    let times: UnsafePointer<Double>
    let weights: UnsafePointer<Double>
    let a: UnsafePointer<Double>
    let b: UnsafePointer<Double>
    let h: UnsafePointer<Double>

    @inline(__always)
    func time(_ k: Int) -> SIMD4<Double> { vector(times + 4 &* k) }

    @inline(__always)
    func weight(_ k: Int) -> SIMD4<Double> { vector(weights + 4 &* k) }

    @inline(__always)
    func interval(_ k: Int) -> (a: SIMD4<Double>, b: SIMD4<Double>, h: SIMD4<Double>) {
        (vector(a + 4 &* k), vector(b + 4 &* k), vector(h + 4 &* k))
    }
}

@inline(__always)
func vector(_ pointer: UnsafePointer<Double>) -> SIMD4<Double> {
    UnsafeRawPointer(pointer).assumingMemoryBound(to: SIMD4<Double>.self).pointee
}

@inline(__always)
func vectors(_ pointer: UnsafeMutablePointer<Double>) -> UnsafeMutablePointer<SIMD4<Double>> {
    UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: SIMD4<Double>.self)
}
