// Crossings found four at a time against those found by Newton's method on the membrane, one by one.
import EventDriven
import Mathematics
import Neurons
import Testing

@testable import TestSupport

struct CrossingTests {
    /// tau_m / tau_s from 1e-3 to 1e3, many of them near where closed forms are.
    static let ratios: [Double] = {
        var random = RandomStream(seed: 1, stream: 12)
        let drawn = (0..<60).map { _ in Elementary.exp((2 * random.uniform() - 1) * Elementary.log(1e3)) }
        let nearby = [1, 2, 4].flatMap { (ratio: Double) in
            [1e-15, -1e-15, 1e-9, -1e-9, 1e-4, -1e-4].map { ratio * (1 + $0) }
        }
        return drawn + nearby + [1e-3, 1e3, 20.0 / 7, 0.25, 1e-6, 1e6]
    }()

    /// States with peaks from far above the threshold to just above it, and below.
    private func states(_ flow: Flow, seed: UInt64) -> (v: [Double], i: [Double]) {
        var random = RandomStream(seed: seed, stream: 13)
        var (v, i) = ([Double](), [Double]())
        for n in 0..<400 {
            let start =
                n % 8 == 0 ? -50 * random.uniform() : (n % 8 == 1 ? 1 - 1e-6 * random.uniform() : random.uniform())
            let membrane = flow.threshold * min(start, 1.0.nextDown)
            // The current whose peak is the threshold itself, by bisection.
            var (low, high) = (flow.threshold, 1e9 * flow.threshold * max(1, flow.ratio))
            for _ in 0..<200 {
                let middle = (low * high).squareRoot()
                if CrossingGeneral.timeToThreshold(flow, v: membrane, i: middle) < .infinity {
                    high = middle
                } else {
                    low = middle
                }
            }
            let part = [1e-12, -1e-12, 1e-9, 1e-6, 1e-3, -1e-3, 0.3, 20][n / 8 % 8] * (0.5 + random.uniform())
            v.append(membrane)
            i.append(high * (1 + part))
        }
        return (v, i)
    }

    /// ln(peak / threshold), and what rounding makes of it: a last digit of I - V counts for more the longer the membrane takes to rise.
    private func peak(_ flow: Flow, _ v: Double, _ i: Double) -> (margin: Double, rounding: Double) {
        let part = flow.difference / flow.ratio * ((i - v) / i)
        guard part > -1 else { return (-.infinity, 0) }
        let fall = flow.ratio / flow.difference * Elementary.log1p(part)
        return (Elementary.log(i / flow.threshold) - fall, 2e-15 * (1 + fall + 1 / (1 + part)))
    }

    @Test(arguments: [1, 1e-300, 3e5])
    func anyRatio(_ threshold: Double) {
        var (worst, left) = (0.0, 0)
        for (seed, ratio) in CrossingTests.ratios.enumerated() {
            let flow = Flow(LIFNeuron(tauMem: ratio * 5e-3, tauSyn: 5e-3, threshold: threshold, reset: 0))
            var (v, i) = states(flow, seed: UInt64(seed))
            var x = [Double](repeating: 0, count: v.count)
            CrossingGeneral.crossings(flow, count: v.count, v: &v, i: &i, x: &x)
            for n in v.indices {
                let expected = CrossingGeneral.timeToThreshold(flow, v: v[n], i: i[n])
                let place = "ratio \(ratio), threshold \(threshold), V \(v[n]), I \(i[n]): \(x[n]) for \(expected)"
                let isReached = expected < .infinity
                let (margin, rounding) = peak(flow, v[n], i[n])
                if margin.magnitude > rounding { #expect((x[n] >= 0) == isReached, "\(place), margin \(margin)") }
                #expect(CrossingGeneral.peakMargin(flow, v: v[n], i: i[n]) > 0 || !isReached, "\(place)")
                guard isReached, x[n] >= 0 else { continue }
                // What rounding of the membrane by a few last digits moves either by.
                let slope = i[n] * CrossingGeneral.decay(flow, x: expected) / threshold - 1
                let digits = 4e-15 * (1 + 2 * v[n].magnitude / threshold)
                let error = (x[n] - expected).magnitude / expected
                #expect(error <= 1e-13 + digits / (slope * expected / flow.tauMem), "\(place)")
                if margin > 0.1, v[n] >= 0, v[n] < 0.9 * threshold { worst = max(worst, error) }
            }
            // A vector by itself gives each what it has among others.
            var alone = [Double](repeating: 0, count: 4)
            for n in v.indices.prefix(40) {
                var (ownV, ownI) = ([0, v[n], 0, 0], [0, i[n], 0, 0])
                CrossingGeneral.crossings(flow, count: 4, v: &ownV, i: &ownI, x: &alone)
                #expect(alone[1] == x[n] && alone[0] == -1, "ratio \(ratio), V \(v[n]), I \(i[n])")
            }
            let found = FlowLanes(flow).crossing(
                v: SIMD4(0, 0.5, -3, 0.9), i: SIMD4(repeating: 4 + 40 * max(1, flow.ratio)))
            left += found.open.nonzeroBitCount
        }
        print("crossings of any ratio: worst \(worst)")
        #expect(worst < 1e-13 && left == 0)
    }

    /// The ratios that have a coordinate of their own: when membranes cross, that no margin hides a peak, what is left of currents, and
    /// the map over what is left of an interval.
    @Test(arguments: [1, 1e-300, 3e5])
    func closedForms(_ threshold: Double) {
        check(CrossingRatioFour.self, 4, threshold)
        check(CrossingRatioTwo.self, 2, threshold)
        check(CrossingRatioOne.self, 1, threshold)
        check(CrossingRatioHalf.self, 0.5, threshold)
        check(CrossingRatioQuarter.self, 0.25, threshold)
    }

    private func check<Case: CrossingCase>(_: Case.Type, _ ratio: Double, _ threshold: Double) {
        let flow = Flow(LIFNeuron(tauMem: ratio * 5e-3, tauSyn: 5e-3, threshold: threshold, reset: 0))
        #expect(flow.ratio == ratio)
        var (v, i) = states(flow, seed: 77)
        var x = [Double](repeating: 0, count: v.count)
        Case.crossings(flow, count: v.count, v: &v, i: &i, x: &x)
        for n in v.indices {
            let expected = CrossingGeneral.timeToThreshold(flow, v: v[n], i: i[n])
            let place = "ratio \(ratio), threshold \(threshold), V \(v[n]), I \(i[n]): \(x[n]) for \(expected)"
            let isReached = expected < .infinity
            let (margin, rounding) = peak(flow, v[n], i[n])
            if margin.magnitude > rounding { #expect((x[n] >= 0) == isReached, "\(place), margin \(margin)") }
            #expect(Case.peakMargin(flow, v: v[n], i: i[n]) > 0 || margin < rounding, "\(place), margin \(margin)")
            guard isReached, x[n] >= 0 else { continue }
            let elapsed = Case.elapsed(flow, x: x[n])
            let slope = i[n] * CrossingGeneral.decay(flow, x: expected) / threshold - 1
            let digits = 4e-15 * (1 + 2 * max(v[n].magnitude, i[n]) / threshold)
            #expect(
                (elapsed - expected).magnitude <= 1e-13 * expected + digits / slope * flow.tauMem + 1e-15
                    * flow.slowest,
                "\(place)")
            let passed = Case.decays(flow, x: x[n])
            let decay = flow.decay(elapsed)
            #expect((passed.synapse - decay).magnitude <= 1e-14 * (1 + elapsed / flow.tauSyn) * decay, "\(place)")
            for remaining in [0, 1e-6, 1e-3, 0.02] {
                let whole = Case.propagators(flow, elapsed + remaining)
                let rest = Case.rest(
                    flow, whole: Decays(membrane: whole.a, synapse: whole.b), passed: passed, remaining: remaining)
                let exact = flow.propagators(remaining)
                for (found, wanted) in [(rest.a, exact.a), (rest.b, exact.b), (rest.h, exact.h)] {
                    // As the interval's length itself is rounded.
                    let digits = max(1, (elapsed + remaining) / min(flow.tauMem, flow.tauSyn))
                    #expect((found - wanted).magnitude <= 1e-14 * digits, "\(place)")
                }
            }
        }
    }
}
