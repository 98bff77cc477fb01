// What comes in, step by step: probabilities from which spikes are drawn, or events put on the grid of steps.
import Mathematics
import Spikes

/// Samples for a network that runs in steps.
public struct LocalInput: Sendable {
    public let sampleCount: Int
    public let unitCount: Int
    private let content: Content

    /// How many numbers a sample is given by: a probability for each unit, or its events.
    package func numberCount(sample: Int) -> Int {
        switch content {
        case .probabilities: unitCount
        case .events(let trains, _): trains.offsets[sample + 1] - trains.offsets[sample]
        }
    }

    /// Whether spikes are drawn.
    package var isDrawn: Bool {
        if case .probabilities = content { true } else { false }
    }

    private enum Content: Sendable {
        case probabilities([Float])
        case events(SpikeTrains, stepTime: Double)
    }

    /// Bernoulli encoding: an input spikes in each step with its probability, drawn anew each time a sample is shown.
    ///
    /// - Parameter probabilities: (samples, units), 0 ... 1. - Throws: `invalidValue` naming the first that is not.
    public init(probabilities: [Float], unitCount: Int) throws(SpinnpropError) {
        guard unitCount >= 1, probabilities.count % unitCount == 0 else {
            throw .invalidValue(
                "there are \(probabilities.count) probabilities for samples of \(unitCount) inputs; give one per sample and input"
            )
        }
        for (index, value) in probabilities.enumerated() where !(value >= 0 && value <= 1) {
            throw .invalidValue(
                "the probability of input \(index % unitCount) in sample \(index / unitCount) is \(value); probabilities of a spike must be 0 .. 1"
            )
        }
        sampleCount = probabilities.count / unitCount
        self.unitCount = unitCount
        content = .probabilities(probabilities)
    }

    /// Events: a spike at time t comes in step floor(t / stepTime), the last that begins at k stepTime <= t; several of an input in one step are one spike; what comes after the
    /// last step is left out.
    public init(_ events: SpikeTrains, stepTime: Double) throws(SpinnpropError) {
        guard stepTime > 0, stepTime < .infinity else {
            throw .invalidValue("step_time is \(stepTime); it must be finite and > 0 seconds")
        }
        sampleCount = events.sampleCount
        unitCount = events.unitCount
        content = .events(events, stepTime: stepTime)
    }

    /// Appends to `lists` a row for each step of a sample: the inputs that spike in it, in ascending order.
    ///
    /// - Parameter random: input by input, 64 trials at a time, one for each step of those that have a probability between 0 and 1.
    package func append(
        _ sample: Int, steps: Int, to lists: StepLists, random: RandomStream, scratch: LocalInputScratch
    ) throws(SpinnpropError) {
        switch content {
        case .probabilities(let all):
            try all.withUnsafeBufferPointer { (all) throws(SpinnpropError) in
                guard let own = all.baseAddress.map({ $0 + sample * unitCount }) else { return }
                try scratch.draw(own, unitCount, steps, lists, random)
            }
        case .events(let trains, let stepTime):
            try scratch.put(trains, sample, stepTime, steps, lists)
        }
    }

    /// A hash of all samples.
    var fingerprint: Fingerprint {
        var fingerprint = Fingerprint()
        fingerprint.add(UInt64(unitCount))
        switch content {
        case .probabilities(let all):
            for value in all { fingerprint.add(UInt64(value.bitPattern)) }
        case .events(let trains, let stepTime):
            fingerprint.add(trains)
            fingerprint.add(stepTime.bitPattern)
        }
        return fingerprint
    }

    /// 28 bits of a hash of a sample's probabilities; events need none.
    func fingerprint(sample: Int) -> UInt64 {
        guard case .probabilities(let all) = content else { return 0 }
        var fingerprint = Fingerprint()
        for value in all[sample * unitCount..<(sample + 1) * unitCount] { fingerprint.add(UInt64(value.bitPattern)) }
        return fingerprint.value &>> 36
    }
}

/// Memory in which rows of inputs are made; one thread at a time uses it.
package final class LocalInputScratch {
    /// Words of 64 random bits that have been drawn.
    package private(set) var wordCount = 0
    private let units = Block<Int32>()
    private let words = Block<UInt64>()
    private let ends = Block<Int>()
    private let poller: Poller

    package init(_ poller: Poller) { self.poller = poller }

    fileprivate func draw(
        _ probabilities: UnsafePointer<Float>, _ unitCount: Int, _ steps: Int, _ lists: StepLists,
        _ random: RandomStream
    ) throws(SpinnpropError) {
        try units.reserve(unitCount)
        let units = units.pointer
        var count = 0
        for unit in 0..<unitCount {
            units[count] = Int32(truncatingIfNeeded: unit)
            count &+= probabilities[unit] > 0 ? 1 : 0
        }
        try words.reserve(count)
        let words = words.pointer
        var random = random
        var first = 0
        while first < steps {
            let chunk = min(64, steps - first)
            let lanes = UInt64.max &>> UInt64(64 - chunk)
            var spikes = 0
            for n in 0..<count {
                words[n] = random.trials(Double(probabilities[Int(units[n])]), among: lanes, words: &wordCount)
                spikes += words[n].nonzeroBitCount
            }
            // One more, as each place is written before it is known whether it is kept.
            try lists.reserve(spikes + 1)
            for step in 0..<UInt64(chunk) {
                for n in 0..<count { lists.append(units[n], if: (words[n] &>> step) & 1) }
                lists.endRow()
            }
            try poller.spend(8 * count + spikes)
            first += chunk
        }
    }

    fileprivate func put(
        _ trains: SpikeTrains, _ sample: Int, _ stepTime: Double, _ steps: Int, _ lists: StepLists
    ) throws(SpinnpropError) {
        let range = trains.offsets[sample]..<trains.offsets[sample + 1]
        func step(_ spike: Int) -> Int {
            let time = trains.times[spike]
            var step = (time / stepTime).rounded(.down)
            // A quotient may be rounded down from a step that begins at the very time, or up to one that begins after it.
            if (step + 1) * stepTime <= time { step += 1 }
            if step * stepTime > time { step -= 1 }
            return step < Double(steps) ? Int(step) : steps
        }
        // The spikes of each step, in any order; those after the last one are left out.
        try units.reserve(range.count)
        try ends.clear(steps + 2)
        let (units, ends) = (units.pointer, ends.pointer)
        for spike in range { ends[step(spike) + 1] += 1 }
        for step in 0..<steps { ends[step + 1] += ends[step] }
        for spike in range {
            let step = step(spike)
            guard step < steps else { continue }
            units[ends[step]] = trains.units[spike]
            ends[step] += 1
        }
        // In ascending order and once each: by a bit for each input.
        let wordCount = (trains.unitCount + 63) / 64
        try words.clear(wordCount)
        try lists.reserve(range.count)
        let words = words.pointer
        var next = 0
        for step in 0..<steps {
            if next < ends[step] {
                while next < ends[step] {
                    words[Int(units[next] &>> 6)] |= 1 &<< UInt64(units[next] & 63)
                    next += 1
                }
                for place in 0..<wordCount {
                    lists.append(bits: words[place], from: Int32(truncatingIfNeeded: place &* 64))
                    words[place] = 0
                }
            }
            lists.endRow()
        }
    }
}
