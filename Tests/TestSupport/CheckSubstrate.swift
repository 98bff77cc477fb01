// What every substrate promises, whatever it computes: a new one only calls `checkSubstrate` from its tests.
import Mathematics
import Networks
import Spikes
import Testing

/// Well-formed recordings; the same bits again, on more threads, for input in another order and for a sample without its
/// batch; batches and samples that are empty; and the refusals that hosts rely on.
///
/// - Parameters:
///   - cases: that the substrate can run; some of them spike.
///   - make: the substrate for a case, on its grid if it needs one.
func checkSubstrate(on cases: [RandomCase], _ make: (RandomCase) throws -> any Substrate) throws {
    var spikes = 0
    for own in cases {
        let substrate = try make(own)
        let recording = try withThreads(1) { try own.forward(substrate) }
        checkForm(of: recording, own, substrate)
        spikes += recording.layers.reduce(0) { $0 + $1.spikeCount }
        for threads in [1, 3] {
            let again = try withThreads(threads) { try own.forward(substrate) }
            #expect(again.partition == recording.partition, "\(own), \(threads) threads")
            #expect(isIdentical(again, recording), "\(own), \(threads) threads")
        }
        try checkInput(of: own, substrate, recording)
        try checkRefusals(of: own, substrate, recording)
    }
    #expect(spikes > 20 * cases.count, "only \(spikes) spikes: these cases say little")
}

private func checkForm(of recording: Recording, _ own: RandomCase, _ substrate: some Substrate) {
    #expect(recording.sampleCount == own.input.sampleCount && recording.input == own.input, "\(own)")
    #expect(recording.isMeasured || recording.engine == substrate.name, "\(own)")
    switch (recording.grid, substrate.grid) {
    case (nil, nil): break
    case (let run?, let asked?): #expect(run.runsLike(asked), "\(own): ran on \(run)")
    default: Issue.record("\(own): a recording is on a grid where its substrate is")
    }
    #expect(throws: Never.self, "\(own)") { try recording.check(madeBy: own.network) }
    #expect(recording.partition.flatMap { Array($0) } == Array(0..<own.input.sampleCount), "\(own): every sample once")
    #expect(recording.layers.count == own.network.layers.count, "\(own)")
    for (layer, model) in zip(recording.layers, own.network.layers) {
        #expect(layer.neuronCount == model.neuronCount && layer.isSpiking == model.isSpiking, "\(own)")
        #expect(layer.segments.map(\.ends.count) == recording.partition.map(\.count), "\(own)")
        for segment in layer.segments {
            #expect(segment.ends == segment.ends.sorted() && segment.ends.last ?? 0 == segment.count, "\(own)")
        }
        let outputs = layer.isSpiking ? 0 : layer.neuronCount * recording.sampleCount
        #expect(layer.maxima.count == outputs && layer.maximumTimes.count == outputs, "\(own)")
        #expect(layer.maxima.allSatisfy { $0 >= 0 && $0.isFinite }, "\(own)")
        let trains = layer.spikes
        let end = recording.grid.map { $0.time(ofStep: $0.steps - 1) } ?? own.options.endTime
        #expect(trains.times.allSatisfy { $0 >= 0 && $0.isFinite && $0 <= end }, "\(own)")
        #expect(trains.units.allSatisfy { $0 >= 0 && Int($0) < layer.neuronCount }, "\(own)")
        #expect(layer.currents.count == trains.spikeCount && layer.currents.allSatisfy { $0.isFinite }, "\(own)")
        for sample in 0..<trains.sampleCount {
            let range = trains.offsets[sample]..<trains.offsets[sample + 1]
            let isSorted = zip(range, range.dropFirst()).allSatisfy {
                (trains.times[$0], trains.units[$0]) <= (trains.times[$1], trains.units[$1])
            }
            #expect(isSorted, "\(own), sample \(sample): in order of time, ties in order of unit")
        }
        guard let grid = recording.grid else { continue }
        #expect(trains.times.allSatisfy { grid.time(ofStep: grid.step(nearest: $0)) == $0 }, "\(own): times are steps")
    }
}

private func checkInput(of own: RandomCase, _ substrate: some Substrate, _ recording: Recording) throws {
    let input = own.input
    let backwards = (0..<input.sampleCount).flatMap { (input.offsets[$0]..<input.offsets[$0 + 1]).reversed() }
    let reversed = try SpikeTrains(
        times: backwards.map { input.times[$0] }, units: backwards.map { input.units[$0] }, offsets: input.offsets,
        unitCount: input.unitCount)
    let layers = recording.layers
    #expect(bits(try own.forward(substrate, nil, reversed)) == bits(recording), "\(own): input in another order")
    for sample in 0..<min(3, input.sampleCount) {
        let (times, units) = input[sample]
        let single = try SpikeTrains(
            times: Array(times), units: Array(units), offsets: [0, times.count], unitCount: input.unitCount)
        for (alone, layer) in zip(try own.forward(substrate, nil, single).layers, layers) {
            let (batchTimes, batchUnits) = layer.spikes[sample]
            #expect(alone.spikes.times == Array(batchTimes), "\(own), sample \(sample) without its batch")
            #expect(alone.spikes.units == Array(batchUnits), "\(own), sample \(sample) without its batch")
            #expect(
                alone.maxima
                    == (layer.isSpiking
                        ? [] : Array(layer.maxima[sample * layer.neuronCount..<(sample + 1) * layer.neuronCount])),
                "\(own), sample \(sample) without its batch")
        }
    }
    for count in [0, 2] {
        let silence = try SpikeTrains(
            times: [], units: [], offsets: [Int](repeating: 0, count: count + 1), unitCount: input.unitCount)
        let nothing = try own.forward(substrate, nil, silence)
        let isDriven = own.configuration.drive.map { $0.upperBound >= 1 } ?? false
        #expect(
            nothing.sampleCount == count && (isDriven || nothing.layers.allSatisfy { $0.spikeCount == 0 }), "\(own)")
    }
}

private func checkRefusals(of own: RandomCase, _ substrate: some Substrate, _ recording: Recording) throws {
    func kind(_ body: () throws -> Void) -> SpinnpropError.Kind? {
        do { try body() } catch { return (error as? SpinnpropError)?.kind ?? .internal }
        return nil
    }
    let wide = try SpikeTrains(times: [], units: [], offsets: [0, 0], unitCount: own.input.unitCount + 1)
    #expect(kind { _ = try own.forward(substrate, nil, wide) } == .invalidValue, "\(own): another number of inputs")
    var other = own.network
    try other.setWeights(other.connections[0].weights.map { $0 + 1 }, connection: 0)
    #expect(kind { try recording.check(madeBy: other) } == .staleRecording, "\(own)")
    var options = own.options
    let all = recording.layers.reduce(0) { $0 + $1.spikeCount }
    for (most, expected) in [(all, nil), (all - 1, SpinnpropError.Kind.tooManySpikes)] where most > 0 {
        options.maxSpikes = most
        let seen = kind { _ = try substrate.forward(own.network, own.input, options: options, monitor: nil) }
        #expect(seen == expected, "\(own): at most \(most) of \(all) spikes")
    }
    let watched = Monitor { true }
    let seen = try substrate.forward(own.network, own.input, options: own.options, monitor: watched)
    #expect(isIdentical(seen, recording), "\(own): watched")
    #expect(watched.done == own.input.sampleCount, "\(own): \(watched.done) samples done")
}
