// The search for the causal set of four neurons at once: the first prefix of their sorted inputs that makes them spike.
import Mathematics
import Neurons

/// Inputs of four neurons in order of time, the k-th of each.
protocol SortedArrivals {
    var count: Int { get }
    @inline(__always) func time(_ k: Int) -> SIMD4<Double>
    @inline(__always) func weight(_ k: Int) -> SIMD4<Double>
    /// Of the interval from the k-th to the next; that after the last has no end, and all three are 0.
    @inline(__always) func interval<Form: ClosedForm>(_ k: Int, _ form: Form.Type) -> LanePropagators
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

    var hasSpike: SIMDMask<SIMD4<Int64>> {
        @inline(__always) get { start .< .infinity }
    }
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
            let own = arrivals.interval(k, Self.self)
            let endV = v * own.a + current * own.h
            let endI = current * own.b
            // Above the threshold at the end, or past its peak; without a current above the threshold it does not get there.
            let isAbove = endV .> thresholds.value
            let asked = (isAbove .| (endV .>= endI)) .& (current .> thresholds.value) .& .!found.hasSpike
            if any(asked) {
                // Who is above the threshold at the end needs no closer look.
                let unclear = asked .& .!isAbove
                var spikes = asked
                if any(unclear) {
                    spikes = (asked .& isAbove) .| exceeds(v: v, i: current, thresholds, where: unclear)
                }
                found.v.replace(with: v, where: spikes)
                found.i.replace(with: current, where: spikes)
                found.start.replace(with: arrivals.time(k), where: spikes)
                found.end.replace(with: arrivals.time(k &+ 1), where: spikes)
                if all(found.hasSpike) { break }
            }
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
    func interval<Form: ClosedForm>(_ k: Int, _ form: Form.Type) -> LanePropagators {
        LanePropagators(a: SIMD4(repeating: a[k]), b: SIMD4(repeating: b[k]), h: SIMD4(repeating: h[k]))
    }

    /// For the four neurons from `first` on.
    @inline(__always)
    func from(_ first: Int) -> SharedArrivals {
        SharedArrivals(
            count: count, times: times, units: units, a: a, b: b, h: h, weights: weights + first, stride: stride)
    }
}

/// Inputs that come to each of four neurons at times of its own.
struct OwnArrivals<IsFactored: Constant>: SortedArrivals {
    let count: Int
    /// Four numbers for each k, and four infinite ones after the last; infinite where a neuron has no more.
    let times: UnsafePointer<Double>
    /// Where a neuron has no more, of no effect: anything that comes at an infinite time causes no spike.
    let weights: UnsafePointer<Double>
    /// If `IsFactored`, e^(time / tau_m) of each, from some time on that is the same for all; after the last four infinite ones.
    let factors: UnsafePointer<Double>
    let inverseTau: SIMD4<Double>

    @inline(__always)
    func time(_ k: Int) -> SIMD4<Double> { vector(times + 4 &* k) }

    @inline(__always)
    func weight(_ k: Int) -> SIMD4<Double> { vector(weights + 4 &* k) }

    @inline(__always)
    func interval<Form: ClosedForm>(_ k: Int, _ form: Form.Type) -> LanePropagators {
        let next = time(k &+ 1)
        // In tau_m. Between two infinite times as after the last.
        let length = lesser((next - time(k)) * inverseTau, SIMD4(repeating: .infinity))
        guard IsFactored.isTrue else { return Form.propagators(length) }
        let quotient = vector(factors + 4 &* k) / vector(factors + 4 &* (k &+ 1))
        let decay = lesser(quotient, SIMD4(repeating: 1)).replacing(with: 0, where: next .== .infinity)
        return Form.propagators(length, (decay, 1 - decay))
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

extension Block where Element == Double {
    /// Holds e^x of x(0), x(1) ... x(count - 1), and ones up to a whole vector.
    @inline(__always)
    func setExponentials(_ count: Int, _ x: (Int) -> Double) throws(SpinnpropError) {
        let padded = (count &+ 3) & ~3
        try reserve(padded)
        let values = pointer
        for n in 0..<count { values[n] = x(n) }
        for n in count..<padded { values[n] = 0 }
        var n = 0
        while n < padded {
            vectors(values + n).pointee = Elementary.exp(vector(values + n))
            n &+= 4
        }
    }
}
