// One layer as the chip has it: whole-number weights, and time constants, thresholds, resets and delays of its own circuits.
import Mathematics
import Networks
import Neurons

/// What circuits deviate by, drawn once.
struct Deviations: Equatable, Sendable {
    let tauMem, tauSyn, threshold, reset, gain, delay, rowOffset: [Double]

    init(_ chip: BrainScaleS2Chip) {
        (tauMem, tauSyn, threshold) = (chip.tauMem, chip.tauSyn, chip.threshold)
        (reset, gain, delay, rowOffset) = (chip.reset, chip.gain, chip.delay, chip.rowOffset)
    }
}

/// Makes what a layer is on a chip.
struct PhysicalLayer {
    let chip: BrainScaleS2Chip
    let deviations: Deviations
    let options: BrainScaleS2Options
    let placement: BrainScaleS2Placement

    /// A refractory period that no sample outlasts, seconds.
    private static let forever = 1e30

    /// The mean over the circuits that are merged into a neuron.
    private func mean(_ values: [Double], _ place: BrainScaleS2Placement.LayerPlace, _ neuron: Int) -> Double {
        guard place.merged > 1 else { return values[place.first + neuron] }
        let first = place.first + neuron * place.merged
        return values[first..<first + place.merged].reduce(0, +) / Double(place.merged)
    }

    /// Neuron parameters of a layer. Thresholds are then a factor more in each batch; a reset stays below its threshold.
    ///
    /// - Parameter isSingle: whether neurons are silent for good after a spike.
    func parameters(
        _ layer: Layer, _ index: Int, batchFactors: [Double], isSingle: Bool = false
    ) -> LIFParameters {
        let place = placement.layers[index]
        var own = LIFParameters.none
        for neuron in 0..<layer.neuronCount {
            let nominal = layer.parameters[neuron]
            let threshold = nominal.threshold * mean(deviations.threshold, place, neuron) * batchFactors[neuron]
            let reset = nominal.reset + nominal.threshold * mean(deviations.reset, place, neuron)
            own.tauMem.append(nominal.tauMem * mean(deviations.tauMem, place, neuron))
            own.tauSyn.append(nominal.tauSyn * mean(deviations.tauSyn, place, neuron))
            own.threshold.append(threshold)
            own.reset.append(reset == nominal.reset ? reset : min(reset, threshold - 0.1 * nominal.threshold))
            own.drive.append(nominal.drive)
            own.refractory.append(isSingle ? PhysicalLayer.forever : nominal.refractory)
        }
        return own.simplified
    }

    /// Weights of a connection as its synapses have them, in the network's units: (post, pre).
    ///
    /// The sum over a pair's copies is rounded to a whole number and saturates; copies share it as evenly as whole numbers can.
    ///
    /// - Parameter firstInput: the number of signed inputs that the layer's connections before take.
    func weights(_ connection: Connection, firstInput: Int) -> [Double] {
        let place = placement.layers[connection.target]
        let copies = connection.source == nil ? options.inputCopies : 1
        let bits = chip.options.weightBits
        // Fewer bits are coarser steps over the same range.
        let largest = bits == 0 ? 0 : (1 << bits) - 1
        let scale = options.weightScale * Double(largest) / Double(ChipGeometry.largestWeight)
        let limit = Double(largest * copies)
        let hasOffsets = chip.options.rowOffset > 0
        var own = connection.weights
        for post in 0..<connection.postCount {
            let gain = mean(deviations.gain, place, post)
            for pre in 0..<connection.preCount {
                let at = post * connection.preCount + pre
                guard own[at] != 0 else { continue }
                var weight = own[at]
                if bits > 0 {
                    // Limited before it is rounded: no weight leaves the whole numbers.
                    let whole = min(max(weight * scale, -limit), limit).rounded()
                    weight = whole
                    if hasOffsets {
                        weight += offset(
                            whole: Int(whole), copies: copies, circuit: place.first + post * place.merged,
                            input: firstInput + pre * copies)
                    }
                    weight /= scale
                }
                own[at] = weight * gain
            }
        }
        return own
    }

    /// What the rows of a pair's copies add, in weight steps.
    private func offset(whole: Int, copies: Int, circuit: Int, input: Int) -> Double {
        var sum = 0.0
        for copy in 0..<copies {
            let (least, rest) = (whole / copies, whole % copies)
            let share = least + (copy < abs(rest) ? rest.signum() : 0)
            guard share != 0 else { continue }
            let own = circuit + (input + copy) / BrainScaleS2Placement.signedInputsOfACircuit
            let half = own * ChipGeometry.halves / ChipGeometry.neuronCount
            let row = 2 * ((input + copy) % BrainScaleS2Placement.signedInputsOfACircuit) + (share > 0 ? 0 : 1)
            sum += Double(share.signum()) * deviations.rowOffset[half * ChipGeometry.rowCount + row]
        }
        return sum
    }

    /// Delays of a connection as its circuits have them, seconds of the network.
    func delays(_ connection: Connection, _ index: Int) -> [Double] {
        let first = placement.delays[index]
        return connection.delays.indices.map { connection.delays[$0] * deviations.delay[first + $0] }
    }
}
