// What comes in, step by step: probabilities from which spikes are drawn, or events put on the grid of steps.
import Mathematics
import Spikes

/// Samples for a network that runs in steps.
public struct LocalInput: Sendable {
    public let sampleCount: Int
    public let unitCount: Int
    private let content: Content

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
            throw .invalidValue("probability \(index) is \(value); probabilities of a spike must be 0 .. 1")
        }
        sampleCount = probabilities.count / unitCount
        self.unitCount = unitCount
        content = .probabilities(probabilities)
    }

    /// Events: a spike at time t comes in step floor(t / stepTime); several of an input in one step are one spike; what comes after the
    /// last step is left out.
    public init(_ events: SpikeTrains, stepTime: Double) throws(SpinnpropError) {
        guard stepTime > 0, stepTime < .infinity else {
            throw .invalidValue("step_time is \(stepTime); it must be finite and > 0 seconds")
        }
        sampleCount = events.sampleCount
        unitCount = events.unitCount
        content = .events(events, stepTime: stepTime)
    }

    /// Fills `lists` with the inputs that spike in each step, in ascending order.
    ///
    /// - Parameter random: draws for each step, input by input, those with a probability between 0 and 1: a spike where 32 bits (the
    ///   upper half of a word, then its lower half) are below probability 2^32.
    func fill(_ lists: StepLists, sample: Int, random: RandomStream, scratch: Block<Int32>) throws(SpinnpropError) {
        switch content {
        case .probabilities(let all):
            try all.withUnsafeBufferPointer { (all) throws(SpinnpropError) in
                guard let own = all.baseAddress.map({ $0 + sample * unitCount }) else { return }
                try LocalInput.draw(own, unitCount, lists, random, scratch)
            }
        case .events(let trains, let stepTime):
            try put(trains, stepTime, sample, lists, scratch)
        }
    }

    /// 28 bits of a hash of a sample's probabilities; events need none.
    func fingerprint(sample: Int) -> UInt64 {
        guard case .probabilities(let all) = content else { return 0 }
        var fingerprint = Fingerprint()
        for value in all[sample * unitCount..<(sample + 1) * unitCount] { fingerprint.add(UInt64(value.bitPattern)) }
        return fingerprint.value &>> 36
    }

    private static func draw(
        _ probabilities: UnsafePointer<Float>, _ unitCount: Int, _ lists: StepLists, _ random: RandomStream,
        _ scratch: Block<Int32>
    ) throws(SpinnpropError) {
        try scratch.reserve(unitCount)
        let units = scratch.pointer
        var count = 0
        for unit in 0..<unitCount {
            units[count] = Int32(truncatingIfNeeded: unit)
            count &+= probabilities[unit] > 0 ? 1 : 0
        }
        var random = random
        var (word, isHalf) = (0 as UInt64, false)
        try lists.begin(room: count * lists.steps)
        for step in 0..<lists.steps {
            for n in 0..<count {
                let probability = probabilities[Int(units[n])]
                var isSpike = true
                if probability < 1 {
                    if !isHalf { word = random.nextUInt64() }
                    let half = isHalf ? word & 0xFFFF_FFFF : word &>> 32
                    isHalf.toggle()
                    isSpike = Double(half) < Double(probability) * 0x1p32
                }
                if isSpike { lists.append(units[n]) }
            }
            lists.end(step)
        }
    }

    private func put(
        _ trains: SpikeTrains, _ stepTime: Double, _ sample: Int, _ lists: StepLists, _ scratch: Block<Int32>
    ) throws(SpinnpropError) {
        let range = trains.offsets[sample]..<trains.offsets[sample + 1]
        let steps = lists.steps
        // Each step's spikes, then in the order of inputs without repetition.
        func step(_ spike: Int) -> Int {
            let exact = (trains.times[spike] / stepTime).rounded(.down)
            return exact < Double(steps) ? Int(exact) : steps
        }
        let ordered = range.map { (step: step($0), unit: trains.units[$0]) }.sorted { $0 < $1 }
        try lists.begin(room: ordered.count)
        var next = 0
        for current in 0..<steps {
            var last: Int32 = -1
            while next < ordered.count, ordered[next].step == current {
                if ordered[next].unit != last { lists.append(ordered[next].unit) }
                last = ordered[next].unit
                next += 1
            }
            lists.end(current)
        }
    }
}

/// Who spikes in each step, in ascending order.
final class StepLists {
    let steps: Int
    private let units = Block<Int32>()
    private let ends: UnsafeMutablePointer<Int>
    private(set) var count = 0

    init(steps: Int) {
        self.steps = steps
        ends = .allocate(capacity: steps + 1)
        ends.update(repeating: 0, count: steps + 1)
    }

    deinit { ends.deallocate() }

    /// Forgets everything; so many may then be appended.
    func begin(room: Int) throws(SpinnpropError) {
        try units.reserve(room)
        count = 0
    }

    @inline(__always)
    func append(_ unit: Int32) {
        units.pointer[count] = unit
        count &+= 1
    }

    func end(_ step: Int) { ends[step + 1] = count }

    /// Where a step's spikes begin and end.
    @inline(__always)
    func range(_ step: Int) -> Range<Int> { ends[step]..<ends[step &+ 1] }

    @inline(__always)
    var pointer: UnsafeMutablePointer<Int32> { units.pointer }
}
