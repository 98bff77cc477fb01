// Writing an array's state, and going on from one that was written.
import Mathematics

extension NeuronArray {
    /// Bytes of the state now: membranes, currents, events on their way, sensors, counters, random numbers, account. Neither synapses nor the
    /// last run's spikes are part of it.
    public func stateByteCount() throws(SpinnpropError) -> Int {
        var tape = StateTape.counting
        try exchange(&tape)
        return tape.place
    }

    /// - Parameter bytes: `stateByteCount` of them.
    public func writeState(_ bytes: UnsafeMutableBufferPointer<UInt8>) throws(SpinnpropError) {
        var tape = StateTape.writing(bytes)
        try exchange(&tape)
    }

    /// The state that an array with the same options and neurons has written; the last run's spikes are none then.
    ///
    /// - Throws: `invalidValue` for what no such array has written; nothing is changed then.
    public func readState(_ bytes: UnsafeBufferPointer<UInt8>) throws(SpinnpropError) {
        for isKept in [false, true] {
            var tape = StateTape.reading(bytes, isKept: isKept)
            try exchange(&tape)
            try tape.end()
        }
        (spikeCount, runStart) = (0, time)
        spikesToCome.clear()
    }

    private static let format: UInt64 = 0x3130_5941_5252_4142

    private func exchange(_ tape: inout StateTape) throws(SpinnpropError) {
        try tape.match(NeuronArray.format)
        for size in [options.neuronCount, options.sourceCount, options.senderCount, sensors == nil ? 0 : 1] {
            try tape.match(UInt64(size))
        }
        try tape.match(parametersFingerprint)
        let now = try tape.number(time, 0...1e15)
        if tape.isKept { time = now }
        try state.exchange(&tape, isRefractory, until: now)
        try refractoryEnds.exchange(&tape, below: options.neuronCount)
        try flight.exchange(&tape, below: options.senderCount)
        try tape.number(&sourcesFree, NeuronArray.times)
        try tape.number(&neuronsFree, NeuronArray.times)
        try tape.count(&lostEvents)
        let steps = try tape.number(noiseSteps, 0...0x1p53)
        // No noise is left to be made up for.
        guard (steps + 1) * noiseStep >= now else { throw StateTape.damaged }
        if tape.isKept { noiseSteps = steps }
        try tape.stream(&noiseStream)
        try tape.stream(&jitterStream)
        try tape.stream(&processorStream)
        for neuron in 0..<options.neuronCount { try tape.count(&counters.pointer[neuron]) }
        try account.exchange(&tape)
        try sensors?.exchange(&tape)
    }

    /// Of the options and neurons that a state belongs to.
    private var parametersFingerprint: UInt64 {
        var fingerprint = Fingerprint()
        for field in ArrayNeurons.fields { fingerprint.add(neurons[keyPath: field.path]) }
        fingerprint.add(options.seed)
        fingerprint.add([options.speedup, options.resolution, options.eventInterval, options.delayJitter])
        return fingerprint.value
    }

    /// Of an array, and of what is to come.
    static let times = 0...Double.infinity
}

extension ArrayState {
    fileprivate func exchange(
        _ tape: inout StateTape, _ isRefractory: Block<Bool>, until now: Double
    ) throws(SpinnpropError) {
        try tape.number(&time, 0...now)
        for neuron in 0..<count {
            let rests = try tape.count(isRefractory.pointer[neuron] ? 1 : 0, to: 1) == 1
            // A membrane that rests has no value: after long it is not even -infinity.
            let membrane = try tape.number(rests ? 0 : membranes.pointer[neuron], ArrayState.values)
            guard tape.isKept else { continue }
            isRefractory.pointer[neuron] = rests
            membranes.pointer[neuron] = rests ? -.infinity : membrane
        }
        try tape.numbers(excitations, count, ArrayState.values)
        try tape.numbers(inhibitions, count, ArrayState.values)
        try tape.numbers(since, count, 0...now)
    }

    private static let values = -1e300...1e300
}
