// The chip as a substrate: without imperfections the exact engine, with them what was asked for, and every time the same.
import EventDriven
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

@testable import BrainScaleS2

/// A chip on which nothing differs; `change` what does.
func chip(_ change: (inout BrainScaleS2ChipOptions) -> Void = { _ in }) throws -> BrainScaleS2Chip {
    var options = BrainScaleS2ChipOptions.ideal
    (options.weightBits, options.resolution, options.eventInterval, options.readoutBits) = (0, 0, 0, 0)
    change(&options)
    return try BrainScaleS2Chip(options)
}

func engine(
    _ chip: BrainScaleS2Chip, _ change: (inout BrainScaleS2Options) -> Void = { _ in }
) throws -> BrainScaleS2Engine {
    var options = BrainScaleS2Options()
    change(&options)
    return try BrainScaleS2Engine([chip], options)
}

/// Some samples of few inputs.
func input(_ units: Int, samples: Int = 40, seed: UInt64 = 1) throws -> SpikeTrains {
    var stream = RandomStream(seed: seed, stream: 9)
    var (times, own, offsets): ([Double], [Int32], [Int]) = ([], [], [0])
    for _ in 0..<samples {
        for unit in 0..<units {
            times.append(30e-3 * stream.uniform())
            own.append(Int32(unit))
        }
        offsets.append(times.count)
    }
    return try SpikeTrains(times: times, units: own, offsets: offsets, unitCount: units)
}

func fill(_ network: inout Network, mean: Double, spread: Double, seed: UInt64 = 7) throws {
    var stream = RandomStream(seed: seed, stream: 3)
    for (index, connection) in network.connections.enumerated() {
        try network.setWeights(
            connection.weights.map { _ in
                connection.isRecurrent ? 0.3 * stream.normal() : mean + spread * stream.normal()
            }, connection: index)
        guard connection.delayKind != .none else { continue }
        try network.setDelays(connection.delays.map { _ in 5e-3 * stream.uniform() }, connection: index)
    }
}

/// Networks of every kind that there is.
func networks() throws -> [(String, Network, ForwardOptions)] {
    var finite = ForwardOptions()
    finite.endTime = 60e-3
    let free = ForwardOptions()
    let neurons = LIFParameters(refractory: [2e-3])
    let driven = LIFParameters(drive: [0.3])
    var all: [(String, Network, ForwardOptions)] = [
        ("chain", try Network(sizes: [5, 30, 3]), free),
        ("axonal", try Network(sizes: [5, 30, 3], delays: [.axonal]), free),
        ("dendritic", try Network(sizes: [5, 20, 3], delays: [.dendritic]), free),
        ("synaptic", try Network(sizes: [5, 12, 3], delays: [.synaptic]), free),
        ("refractory", try Network(sizes: [5, 20, 3], parameters: [neurons]), free),
        ("driven", try Network(sizes: [5, 20, 3], parameters: [driven]), free),
        ("leaky", try Network(sizes: [5, 20, 3], leakyReadout: true), free),
        ("recurrent", try Network(sizes: [5, 20, 3], recurrent: [true]), finite),
        ("recurrent, axonal", try Network(sizes: [5, 20, 3], delays: [.axonal], recurrent: [true]), finite),
        ("skip", try Network(sizes: [5, 20, 3], connections: [Ends(0, 1), Ends(1, 2), Ends(0, 2)]), free),
        (
            "skip, delays",
            try Network(
                sizes: [5, 12, 3], delays: [.axonal, .dendritic, .none],
                connections: [Ends(0, 1), Ends(1, 2), Ends(0, 2)]), free
        ),
    ]
    for index in all.indices { try fill(&all[index].1, mean: 2.5, spread: 1.5) }
    return all
}

struct EngineTests {
    @Test func withoutImperfectionsItIsTheExactEngine() throws {
        let trains = try input(5)
        for (name, network, options) in try networks() {
            let exact = try EventSubstrate().forward(network, trains, options: options, monitor: nil)
            let own = try engine(chip()).forward(network, trains, options: options, monitor: nil)
            #expect(exact.layers[0].spikeCount > 100, "\(name)")
            for layer in network.layers.indices {
                #expect(own.layers[layer].spikes == exact.layers[layer].spikes, "\(name), layer \(layer)")
                #expect(own.layers[layer].maxima == exact.layers[layer].maxima, "\(name), layer \(layer)")
            }
            // With the clock alone times are off by little more than its resolution, where few events wait.
            let clocked = try engine(chip { $0.resolution = 8e-9 }).forward(
                network, trains, options: options, monitor: nil)
            guard !network.hasRecurrence else { continue }
            let first = (exact.firstSpikeTimes(layer: 0), clocked.firstSpikeTimes(layer: 0))
            let worst = zip(first.0, first.1).map { $0 == $1 ? 0 : abs($0 - $1) }.max() ?? 1
            #expect(worst < 50 * 8e-6, "\(name): \(worst)")
            #expect(worst > 0, "\(name)")
        }
    }

    @Test func runsAreTheSameEveryTimeAndNoiseFollowsFromTheSeeds() throws {
        let trains = try input(5)
        var network = try Network(sizes: [5, 30, 3])
        try fill(&network, mean: 2.5, spread: 1.5)
        func spikes(_ change: (inout BrainScaleS2ChipOptions) -> Void = { _ in }) throws -> [SpikeTrains] {
            var options = BrainScaleS2ChipOptions()
            change(&options)
            let own = try BrainScaleS2Engine([BrainScaleS2Chip(options)])
            return try own.forward(network, trains, options: ForwardOptions(), monitor: nil).layers.map(\.spikes)
        }
        let first = try spikes()
        for threads in [1, 2, 3] {
            try Threads.set(threads)
            #expect(try spikes() == first, "\(threads) threads")
        }
        try Threads.set(0)
        #expect(try spikes { $0.noiseSeed = 1 } != first)
        #expect(try spikes { $0.seed = 1 } != first)
        try network.setWeights(network.connections[0].weights.map { $0.nextUp }, connection: 0)
        #expect(try spikes() != first)
    }

    @Test func weightsAreWholeNumbersThatSaturate() throws {
        var network = try Network(sizes: [2, 3])
        try network.setWeights([0.5, -0.516, 3, -3, 0, 1e300], connection: 0)
        func weights(_ bits: Int, copies: Int = 1) throws -> [Double] {
            let own = try engine(chip { $0.weightBits = bits }) { $0.inputCopies = copies }
            return try own.physicalWeights(network, connection: 0)
        }
        func scaled(_ whole: [Double], by scale: Double) -> [Double] { whole.map { $0 / scale } }
        #expect(try weights(6) == scaled([15, -15, 63, -63, 0, 63], by: 30))
        #expect(try weights(6, copies: 2) == scaled([15, -15, 90, -90, 0, 126], by: 30))
        #expect(try weights(2) == scaled([1, -1, 3, -3, 0, 3], by: 30.0 * 3 / 63))
        #expect(try weights(0) == network.connections[0].weights)
    }

    @Test func whatDoesNotFitIsRefusedWithItsSizes() throws {
        func message(_ sizes: [Int], copies: Int = 1, delays: DelayKind = .none) throws -> String {
            let network = try Network(sizes: sizes, delays: [delays])
            let own = try engine(BrainScaleS2Chip()) { $0.inputCopies = copies }
            do {
                _ = try own.forward(network, input(sizes[0], samples: 1), options: ForwardOptions(), monitor: nil)
                return ""
            } catch { return "\(error)" }
        }
        #expect(try message([25, 120, 3]) == "")
        #expect(try message([256, 240, 10]) == "")
        #expect(try message([256, 256, 10]).contains("takes 532 neuron circuits of BrainScaleS-2's 512"))
        #expect(try message([25, 120, 3], copies: 6).contains("120 neurons of 150 signed inputs, 2 merged") == false)
        #expect(try message([4, 510, 3]).contains("takes 522"))
        #expect(try message([20, 30, 3], delays: .synaptic).contains("690 of delays"))
    }

    @Test func spreadsAndNoiseMoveSpikes() throws {
        let trains = try input(5, samples: 400)
        var network = try Network(sizes: [5, 30, 3])
        try fill(&network, mean: 2.5, spread: 1.5)
        let exact = try EventSubstrate().forward(network, trains, options: ForwardOptions(), monitor: nil)
            .firstSpikeTimes(layer: 0)
        func deviation(_ change: (inout BrainScaleS2ChipOptions) -> Void) throws -> Double {
            let own = try engine(chip(change)).forward(network, trains, options: ForwardOptions(), monitor: nil)
                .firstSpikeTimes(layer: 0)
            let both = zip(own, exact).filter { $0 < .infinity && $1 < .infinity }.map { $0 - $1 }
            return (both.reduce(0) { $0 + $1 * $1 } / Double(both.count)).squareRoot()
        }
        // Jitter is what it says.
        let jitter = try deviation { $0.jitter = 0.01 }
        #expect(abs(jitter / (0.01 * 5e-3) - 1) < 0.05, "\(jitter)")
        let rows: [(WritableKeyPath<BrainScaleS2ChipOptions, Double>, Double)] = [
            (\.tauMem, 0.1), (\.tauSyn, 0.1), (\.threshold, 0.1), (\.gain, 0.1), (\.noise, 0.01), (\.batchNoise, 0.02),
            (\.thresholdShift, 0.05),
        ]
        for (path, value) in rows {
            let moved = try deviation { $0[keyPath: path] = value }
            #expect(moved > 1e-5 && moved < 5e-3, "\(path): \(moved)")
        }
    }

    /// What a link leaves of events. - Returns: how many it loses.
    private func carry(
        _ link: EventLink, _ times: inout [Double], _ units: inout [Int32], refractory: [Double]? = nil,
        last: inout [Double]
    ) -> Int {
        let (count, own) = (times.count, refractory ?? [])
        let found = own.withUnsafeBufferPointer { own in
            link.carry(
                &times, &units, count, refractory: refractory == nil ? nil : own.baseAddress, last: &last)
        }
        times.removeLast(count - found.kept)
        units.removeLast(count - found.kept)
        return found.lost
    }

    @Test func eventsTakeTurnsAndAreLost() {
        let link = EventLink(resolution: 0, interval: 1, endTime: .infinity)
        var (times, units) = ([Double](repeating: 0, count: 200), [Int32](repeating: 0, count: 200))
        var last = [-Double.infinity]
        let lost = carry(link, &times, &units, last: &last)
        #expect(lost == 200 - EventLink.queueLength - 1)
        #expect(times == (0...EventLink.queueLength).map(Double.init))
        #expect(last == [-.infinity])
    }

    /// Few events and many are put in the same order.
    @Test func eventsLeaveInOrder() {
        let link = EventLink(resolution: 0.25, interval: 0, endTime: .infinity)
        for count in [2, 100, 1000] {
            var stream = RandomStream(seed: 1, stream: UInt64(count))
            var times = (0..<count).map { _ in link.rounded(20 * stream.uniform()) }
            var units = (0..<count).map { _ in Int32(stream.index(below: 5)) }
            let sorted = zip(times, units).sorted { ($0.0, $0.1) < ($1.0, $1.1) }
            var last = [Double](repeating: -.infinity, count: 5)
            #expect(carry(link, &times, &units, last: &last) == 0)
            #expect(times == sorted.map(\.0) && units == sorted.map(\.1), "\(count)")
        }
    }

    /// A neuron's spikes stay a refractory period apart, however they are moved.
    @Test func refractoryPeriodsAreKept() {
        for resolution in [0, 0.3] {
            let link = EventLink(resolution: resolution, interval: 0, endTime: 10)
            var (times, units): ([Double], [Int32]) = ([1, 1.2, 1.3, 9.9, 2], [0, 0, 1, 1, 0])
            var last = [Double](repeating: -.infinity, count: 2)
            _ = carry(link, &times, &units, refractory: [0.7, 0.7], last: &last)
            let own = zip(times, units).filter { $0.1 == 0 }.map(\.0)
            #expect(own.count == 3 && own[1] >= own[0] + 0.7 && own[2] >= own[1] + 0.7, "\(own)")
            #expect(times == times.sorted())
        }
    }

    /// A neuron is silent after its first spike, which comes when it would have come anyway.
    @Test func singleSpikesAreFirstOnes() throws {
        let trains = try input(5)
        for recurrent in [false, true] {
            var network = try Network(sizes: [5, 30, 3], recurrent: [recurrent])
            try fill(&network, mean: 5, spread: 2)
            var options = ForwardOptions()
            options.endTime = 60e-3
            func spikes(_ isSingle: Bool) throws -> Recording {
                try engine(chip()) { $0.singleSpikes = isSingle }.forward(
                    network, trains, options: options, monitor: nil)
            }
            let (single, all) = (try spikes(true), try spikes(false))
            #expect(all.layers[0].spikeCount > single.layers[0].spikeCount)
            #expect(
                single.layers[0].spikeCount == single.firstSpikeTimes(layer: 0).count { $0 < .infinity })
            if !recurrent { #expect(single.firstSpikeTimes(layer: 0) == all.firstSpikeTimes(layer: 0)) }
        }
    }
}
