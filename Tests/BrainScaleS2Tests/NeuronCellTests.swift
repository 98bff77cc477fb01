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
        var (times, currents) = ([Double](repeating: 0, count: 16), [Double](repeating: 0, count: 16))
        own.advance(to: time, &times, &currents)
        return own
    }

    @Test(arguments: [0.0, 0.9, 1.5, -0.5])
    func silenceIsSafe(drive: Double) throws {
        var stream = RandomStream(seed: 3, stream: 1)
        var (forEver, steps) = (0, 0)
        for trial in 0..<400 {
            var own = try cell(&stream, drive: drive)
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

    /// The second bound holds whatever arrives meanwhile.
    @Test func silenceWithArrivalsIsSafe() throws {
        var stream = RandomStream(seed: 6, stream: 1)
        var tried = 0
        for trial in 0..<2000 {
            var own = try cell(&stream)
            let silence = own.silence()
            guard own.peak >= own.threshold, silence > 0 else { continue }
            var (times, currents) = ([Double](repeating: 0, count: 16), [Double](repeating: 0, count: 16))
            let current = 0.5 * stream.uniform()
            var bound = own
            let silent = bound.silenceEnd(adding: current)
            #expect(silent <= own.time + max(silence, own.horizon))
            let when = silent * stream.uniform()
            guard silent > when else { continue }
            tried += 1
            for n in 0..<100 {
                let time = when + (silent - when) * Double(n) / 100
                (times[2], currents[2]) = (when, current)
                var later = own
                later.taken = 3
                later.advance(to: time, &times, &currents)
                #expect(later.membrane < own.threshold, "trial \(trial), \(n) of 100")
            }
        }
        #expect(tried > 100)
    }

    /// One by one or together: what waits is what has come.
    @Test func arrivalsMayWait() throws {
        var stream = RandomStream(seed: 5, stream: 1)
        for trial in 0..<200 {
            let start = try cell(&stream)
            var (times, currents) = ([Double](repeating: 0, count: 16), [Double](repeating: 0, count: 16))
            let taken = 3 + stream.index(below: 14)
            for n in 2..<taken {
                times[n] = times[n - 1] + 1e-3 * stream.uniform()
                currents[n] = stream.uniform() - 0.5
            }
            var single = start
            for n in 2..<taken {
                single = moved(single, to: times[n])
                if currents[n] > 0 { single.excitation += currents[n] } else { single.inhibition += currents[n] }
            }
            let end = times[taken - 1] + 2e-3
            single = moved(single, to: end)
            var together = start
            together.taken = taken
            together.advance(to: end, &times, &currents)
            for (one, other) in [
                (single.membrane, together.membrane), (single.excitation, together.excitation),
                (single.inhibition, together.inhibition),
            ] {
                #expect((one - other).magnitude < 1e-13 * max(1, one.magnitude), "trial \(trial)")
            }
        }
    }
}
