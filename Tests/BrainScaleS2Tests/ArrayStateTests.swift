// All neurons at once against one by one.
import Mathematics
import Testing

@testable import BrainScaleS2

struct ArrayStateTests {
    enum Kind: CaseIterable { case shared, sharedTwo, own, ownTwo, near, nearTwo, equal }

    private func cells(_ kind: Kind, _ count: Int, _ stream: inout RandomStream) throws -> [NeuronCell] {
        var neurons = ArrayNeurons()
        func some(_ mean: Double, _ spread: Double) -> [Double] {
            (0..<count).map { _ in mean * (1 + spread * (2 * stream.uniform() - 1)) }
        }
        switch kind {
        case .shared, .equal: neurons.tauSynExc = [kind == .shared ? 5e-3 : 20e-3]
        case .sharedTwo: (neurons.tauSynExc, neurons.tauSynInh) = ([5e-3], [8e-3])
        case .own, .ownTwo: (neurons.tauMem, neurons.tauSynExc) = (some(20e-3, 0.5), some(5e-3, 0.5))
        case .near, .nearTwo: (neurons.tauMem, neurons.tauSynExc) = (some(20e-3, 0.05), some(20e-3, 0.05))
        }
        if kind != .sharedTwo { neurons.tauSynInh = neurons.tauSynExc }
        if kind == .ownTwo || kind == .nearTwo { neurons.tauSynInh = some(7e-3, 0.5) }
        (neurons.threshold, neurons.gain) = (some(1, 0.3), some(0.02, 0.5))
        neurons.drive = (0..<count).map { _ in stream.uniform() < 0.1 ? 1.5 : 0.3 * stream.uniform() }
        try neurons.check(neuronCount: count)
        return (0..<count).map { NeuronCell(neurons[$0]) }
    }

    @Test(arguments: Kind.allCases, [1, 4, 13])
    func everybodyMovesAsAlone(kind: Kind, count: Int) throws {
        var stream = RandomStream(seed: 5, stream: UInt64(count))
        var alone = try cells(kind, count, &stream)
        let state = try ArrayState(alone, count)
        for neuron in 0..<count { alone[neuron].membrane = alone[neuron].start }
        var (time, worst, suspected, crossed) = (0.0, 0.0, 0, 0)
        for event in 0..<3000 {
            let isFar = stream.uniform() < 0.02
            let weights = (0..<count + 3).map { _ in Int8(stream.index(below: 90)) - 40 }
            state.move(to: time, weights, until: time)
            for neuron in 0..<count {
                alone[neuron].move(to: time)
                let current = alone[neuron].gain * Double(weights[neuron])
                if current > 0 { alone[neuron].excitation += current } else { alone[neuron].inhibition += current }
                var own = alone[neuron]
                state.load(&own, neuron)
                let both = (own.excitation + own.inhibition, alone[neuron].excitation + alone[neuron].inhibition)
                worst = max(worst, (own.membrane - alone[neuron].membrane).magnitude, (both.0 - both.1).magnitude)
            }
            // Whoever crosses before the next event is among the suspects.
            let next = time + (isFar ? 0.3 : 3e-4) * stream.uniform()
            state.move(to: time, nil, until: next)
            let suspects = Set(state.suspects)
            suspected += suspects.count
            for neuron in 0..<count where alone[neuron].membrane < alone[neuron].threshold {
                for step in 1...8 {
                    var later = alone[neuron]
                    later.move(to: time + (next - time) * Double(step) / 8)
                    guard later.membrane >= later.threshold else { continue }
                    crossed += 1
                    #expect(suspects.contains(Int32(neuron)), "\(kind), event \(event), neuron \(neuron)")
                    break
                }
            }
            time = next
        }
        #expect(worst < 1e-12, "\(kind), \(count): \(worst)")
        #expect(crossed > count && crossed <= suspected)
    }

    @Test func copiesHaveTheState() throws {
        var stream = RandomStream(seed: 6, stream: 0)
        let cells = try cells(.ownTwo, 6, &stream)
        let (one, other) = (try ArrayState(cells, 6), try ArrayState(cells, 6))
        let weights = [Int8](repeating: 30, count: 8)
        for event in 0..<5 { one.move(to: 1e-3 * Double(event), weights, until: 1) }
        one.since.pointer[2] = 4.5e-3
        other.copy(one)
        for neuron in 0..<6 {
            var (first, second) = (cells[neuron], cells[neuron])
            one.load(&first, neuron)
            other.load(&second, neuron)
            #expect((first.time, first.membrane, first.excitation) == (second.time, second.membrane, second.excitation))
            #expect(one.since.pointer[neuron] == other.since.pointer[neuron])
        }
        other.restart(cells)
        #expect(other.time == 0 && other.membranes.pointer[2] == cells[2].start)
    }
}
