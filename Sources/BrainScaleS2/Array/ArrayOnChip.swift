// An array on the circuits of a chip: what they make of neurons that were meant.
import Mathematics

extension BrainScaleS2Chip {
    /// An array's options and neurons as the chip's first circuits have them.
    ///
    /// Time constants (the chip's synaptic ones serve for both), gains and delays are multiplied by each circuit's factor, and so is the way from
    /// drive to threshold; resets are moved. The seed, noise, resolution, interval of events, jitter (in the mean tauSynExc) and the sensors' spreads with
    /// their seed are the chip's, whatever was asked for; who wants others changes what is returned. `batchNoise` makes no difference: an array runs on
    /// without batches.
    ///
    /// - Throws: `invalidValue` for neurons that no array can have; `unsupported` naming the statistic for chips that differ in what an array always
    ///   has: weights in six bits, read-outs in eight, rows without offsets.
    public func placed(
        _ options: ArrayOptions, _ neurons: ArrayNeurons
    ) throws(SpinnpropError) -> (options: ArrayOptions, neurons: ArrayNeurons) {
        try options.check()
        try neurons.check(neuronCount: options.neuronCount)
        let chip = self.options
        let usual = BrainScaleS2ChipOptions()
        guard chip.weightBits == usual.weightBits else {
            throw .unsupported(
                "the chip has weight_bits = \(chip.weightBits), an array's synapses \(usual.weightBits) bits; take a chip with those"
            )
        }
        guard chip.readoutBits == usual.readoutBits else {
            throw .unsupported(
                "the chip has readout_bits = \(chip.readoutBits), an array reads membranes in \(usual.readoutBits) bits; take a chip with those"
            )
        }
        guard chip.rowOffset == 0 else {
            throw .unsupported(
                "the chip has row_offset = \(chip.rowOffset), an array's synapses no offsets; take a chip with row_offset = 0"
            )
        }
        let meant = (0..<options.neuronCount).map { neurons[$0] }
        func each(_ factors: [Double], _ value: (ArrayNeuron) -> Double) -> [Double] {
            meant.indices.map { value(meant[$0]) * factors[$0] }
        }
        var own = neurons
        own.tauMem = each(tauMem, \.tauMem)
        let tauSyn = self.tauSyn
        own.tauSynExc = each(tauSyn, \.tauSynExc)
        own.tauSynInh = each(tauSyn, \.tauSynInh)
        own.gain = each(gain, \.gain)
        own.delay = each(delay, \.delay)
        let (threshold, reset) = (self.threshold, self.reset)
        own.threshold = meant.indices.map { meant[$0].drive + (meant[$0].threshold - meant[$0].drive) * threshold[$0] }
        own.reset = meant.indices.map { meant[$0].reset + meant[$0].threshold * reset[$0] }
        own.noise = meant.map { chip.noise * $0.threshold }
        var around = options
        around.seed = chip.noiseSeed
        (around.resolution, around.eventInterval) = (chip.resolution, chip.eventInterval)
        around.delayJitter = chip.jitter * meant.reduce(0) { $0 + $1.tauSynExc } / Double(meant.count)
        around.sensors.seed = chip.seed
        (around.sensors.spread, around.sensors.offset) = (chip.sensorSpread, chip.sensorOffset)
        return (around, own)
    }
}

extension NeuronArray {
    /// On the first circuits of a chip, which make of options and neurons what `BrainScaleS2Chip.placed` says.
    ///
    /// ```swift
    /// let chip = try BrainScaleS2Chip()
    /// var options = ArrayOptions()
    /// (options.neuronCount, options.sourceCount, options.hasSensors) = (32, 32, true)
    /// let array = try NeuronArray(on: chip, options, ArrayNeurons())
    /// ```
    ///
    /// - Throws: as `BrainScaleS2Chip.placed` does, and as an array does: a circuit may deviate so far that its reset is above its threshold, say.
    public convenience init(
        on chip: BrainScaleS2Chip, _ options: ArrayOptions, _ neurons: ArrayNeurons, mask: [UInt8] = [],
        signs: [Int8] = []
    ) throws(SpinnpropError) {
        let own = try chip.placed(options, neurons)
        try self.init(own.options, own.neurons, mask: mask, signs: signs)
    }
}
