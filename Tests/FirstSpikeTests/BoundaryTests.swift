// Spikes at the edge: at the time of another input, at one time with it, at the threshold without passing it, at the end of the run.
import Networks
import Testing

@testable import TestSupport

struct BoundaryTests {
    /// A spike at the very time of the next input, from both sides: an input that keeps the membrane rising has no part in it, one that makes
    /// it fall prevents it only if it does not come later.
    @Test(arguments: [1, 2])
    func atTheNextInput(_ ratio: Int) throws {
        let alone = try SingleLayer(ratio: ratio, times: [0.25], weights: [[8]]).run().firstSpikeTimes[0]
        #expect(alone > 0.25 && alone < 1)
        for (weight, isInhibiting) in [(5.0, false), (-50, true)] {
            func time(_ input: Double) throws -> Double {
                try SingleLayer(ratio: ratio, times: [0.25, input], weights: [[8, weight]]).run().firstSpikeTimes[0]
            }
            #expect(try time(alone * (1 + 1e-12)) == alone, "later")
            let before = try time(alone * (1 - 1e-12))
            #expect(isInhibiting ? before == .infinity : abs(before - alone) <= 2e-12, "\(before)")
            // Within rounding of one another it may be either, and nothing else.
            for step in -3...3 {
                let at = try time(alone + Double(step) * alone.ulp)
                #expect(abs(at - alone) <= 4 * alone.ulp || (isInhibiting && at == .infinity), "step \(step): \(at)")
            }
        }
    }

    /// A causal set is that of the inputs up to the spike: derivatives sum to 1 also where the spike meets an input.
    @Test(arguments: [1, 2])
    func causalSetAtAnInput(_ ratio: Int) throws {
        let alone = try SingleLayer(ratio: ratio, times: [0.25], weights: [[8]]).run().firstSpikeTimes[0]
        for step in -3...3 {
            let layer = try SingleLayer(
                ratio: ratio, times: [0.25, alone + Double(step) * alone.ulp], weights: [[8, 5]])
            let byTime = try layer.derivatives(layer.run()).byTime
            #expect(abs(byTime.reduce(0, +) - 1) <= 1e-13, "step \(step): \(byTime)")
        }
    }

    /// Inputs at one time come as one, in whatever order they stand.
    @Test(arguments: [1, 2])
    func ties(_ ratio: Int) throws {
        let one = try SingleLayer(ratio: ratio, times: [0.5, 0.75], weights: [[1, 4]]).run()
        for weights in [[1, 9, -5], [1, -5, 9], [1, 2, 2]] as [[Double]] {
            let layer = try SingleLayer(ratio: ratio, times: [0.5, 0.75, 0.75], weights: [weights])
            let recording = try layer.run()
            // Sums of weights are rounded in another order.
            let (own, expected) = (recording.firstSpikeTimes[0], one.firstSpikeTimes[0])
            #expect(abs(own - expected) <= 2 * expected.ulp, "\(weights): \(own)")
            let byTime = try layer.derivatives(recording).byTime
            #expect(abs(byTime.reduce(0, +) - 1) <= 1e-13, "\(weights): \(byTime)")
        }
    }

    /// A membrane whose peak is the threshold does not spike; one that is higher by rounding does, at the peak.
    @Test(arguments: [1, 2])
    func touching(_ ratio: Int) throws {
        // The peaks of unit responses: 1/e after tau, 1/4 after tau_m ln 2.
        let (weight, peak) = ratio == 1 ? (2.718281828459045, 1.0) : (4, 2 * 0.6931471805599453)
        for step in [-4, -1, 1, 4] {
            let time = try SingleLayer(
                ratio: ratio, times: [0.5], weights: [[weight * (1 + Double(step) * 1e-15)]]
            ).run().firstSpikeTimes[0]
            if step < 0 { #expect(time == .infinity, "step \(step)") }
            if step > 1 { #expect(abs(time - 0.5 - peak) < 1e-6, "step \(step): \(time)") }
        }
        // Exactly: (V + I)^2 = 4 I theta.
        if ratio == 2 {
            #expect(try SingleLayer(ratio: 2, times: [0.5], weights: [[4]]).run().firstSpikeTimes == [.infinity])
        }
    }

    /// A membrane so far below rest that it only comes back to it, however large the current is.
    @Test(arguments: [1, 2])
    func fromBelowRest(_ ratio: Int) throws {
        for (weight, spikes) in [(11.0, 0), (15, 0), (60, 1)] {
            let own = try SingleLayer(ratio: ratio, times: [0, 1.5], weights: [[-40, weight]])
            #expect(try own.run().layers[0].spikeCount == spikes, "\(weight)")
        }
    }

    @Test(arguments: [1, 2])
    func endOfTheRun(_ ratio: Int) throws {
        let layer = try SingleLayer(ratio: ratio, times: [0.25, 3], weights: [[8, 1]])
        let time = try layer.run().firstSpikeTimes[0]
        #expect(try layer.run(endTime: time).firstSpikeTimes == [time])
        #expect(try layer.run(endTime: time.nextDown).firstSpikeTimes == [.infinity])
        // Inputs after it are as if they were not there.
        let late = try SingleLayer(ratio: ratio, times: [0.25, 0.5], weights: [[1, 8]])
        #expect(try late.run(endTime: 0.4).firstSpikeTimes == [.infinity])
        #expect(try late.run(endTime: 0).firstSpikeTimes == [.infinity])
    }

    /// Of the neurons of a row of four each has its own causal set; a neuron that has spiked is silent.
    @Test(arguments: [1, 2])
    func oneSpikeEach(_ ratio: Int) throws {
        let times = (0..<40).map { 0.1 * Double($0) }
        let layer = try SingleLayer(
            ratio: ratio, times: times, weights: (0..<5).map { n in times.map { _ in Double(n) * 1.5 } })
        let spikes = try layer.run().layers[0].spikes
        #expect(spikes.units.sorted() == [1, 2, 3, 4])
    }
}
