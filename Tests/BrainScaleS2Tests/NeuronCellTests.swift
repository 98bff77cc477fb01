// How long a neuron surely stays silent: never longer than it does, and often enough for ever.
import Mathematics
import Testing

@testable import BrainScaleS2

struct NeuronCellTests {
    private func cell(_ stream: inout RandomStream, drive: Double = 0) throws -> NeuronCell {
        let tauMem = 5e-3 * (1 + 9 * stream.uniform())
        var neurons = ArrayNeurons()
        neurons.tauMem = [tauMem]
        neurons.tauSynExc = [tauMem * Elementary.exp(4 * stream.uniform() - 3)]
        neurons.tauSynInh = [neurons.tauSynExc[0] * Elementary.exp(stream.uniform() - 0.5)]
        neurons.drive = [drive]
        try neurons.check(neuronCount: 1)
        var own = NeuronCell(neurons[0])
        own.membrane = own.start + 2 * stream.uniform() - 1
        own.excitation = 4 * stream.uniform()
        own.inhibition = -4 * stream.uniform()
        return own
    }

    private func moved(_ cell: NeuronCell, to time: Double) -> NeuronCell {
        var own = cell
        own.move(to: time)
        return own
    }

    @Test(arguments: [0.0, 0.9, 1.5, -0.5])
    func silenceIsSafe(drive: Double) throws {
        var stream = RandomStream(seed: 3, stream: 1)
        var (forEver, steps) = (0, 0)
        for trial in 0..<400 {
            let own = try cell(&stream, drive: drive)
            let silence = own.silence()
            if silence == .infinity { forEver += 1 } else { steps += 1 }
            let span = min(silence, 12 * own.tauMem)
            for n in 0..<400 {
                let later = moved(own, to: span * Double(n) / 400)
                #expect(later.membrane < own.threshold, "trial \(trial), \(n) of 400 over \(span) s")
                #expect(later.membrane <= own.peak * (1 + 1e-12) + 1e-15, "trial \(trial): the peak is \(own.peak)")
            }
        }
        #expect(drive > 1 || forEver > 50)
        #expect(steps > 15)
    }

    /// Asked again and again, it comes to where the membrane is at the threshold, in few steps.
    @Test func stepsLeadToTheSpike() throws {
        var stream = RandomStream(seed: 4, stream: 1)
        var (fired, most) = (0, 0)
        for trial in 0..<5000 {
            var own = try cell(&stream)
            var steps = 0
            while true {
                let silence = own.silence()
                if silence == .infinity { break }
                if silence == 0 {
                    #expect((own.membrane - own.threshold).magnitude < 1e-13, "trial \(trial)")
                    #expect(own.excitation + own.inhibition >= own.threshold - 1e-6, "trial \(trial): it falls")
                    fired += 1
                    break
                }
                own = moved(own, to: own.time + silence)
                steps += 1
                try #require(steps < 200, "trial \(trial)")
            }
            most = max(most, steps)
        }
        #expect(fired > 200)
        #expect(most < 100)
    }

    /// A rise over the last digits before the threshold that rounding takes away, step by step, comes to an end.
    @Test func slowRisesOverTheLastDigitsEnd() throws {
        var neurons = ArrayNeurons()
        (neurons.tauMem, neurons.drive) = ([10e-3], [0.2])
        for ulps in 1...9 {
            for slope in [1e-1, 1e-2, 1e-3, 1e-4, 1e-5] {
                var own = NeuronCell(neurons[0])
                own.time = 0.4
                own.membrane = own.threshold - Double(ulps) * own.threshold.ulp
                own.excitation = own.membrane + slope
                let fires = own.moveToSpike(until: 0.5)
                #expect(fires && own.time - 0.4 < 1e-9, "\(ulps) ulps, slope \(slope)")
            }
        }
    }

    /// The membrane of a neuron that is aimed at a value has it then.
    @Test func aimsAreMet() throws {
        var stream = RandomStream(seed: 6, stream: 1)
        for trial in 0..<200 {
            var own = try cell(&stream)
            let (value, when) = (stream.uniform() - 0.5, own.tauMem * stream.uniform())
            own.aim(at: value, when: when)
            #expect((moved(own, to: when).membrane - value).magnitude < 1e-14, "trial \(trial)")
        }
    }
}
