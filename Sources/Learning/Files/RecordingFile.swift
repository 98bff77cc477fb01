// Recordings as safetensors files.
import Mathematics
import Networks
import Spikes

/// A recording's file: metadata `engine` ("measured" for none), `fingerprint` (16 hex digits, or "none"); tensors `end_time`, `time_stretch`, `partition` (where
/// each part begins, and the end), `sizes` (units of the input, neurons of each layer), `input.times`, `.units`,
/// `.offsets` and, per layer l, `layers.l.thresholds` and, unless it is 0, `.drives` (one number or one per neuron), `.times`, `.units`, `.currents`,
/// `.offsets`, on a grid and of measured spikes `.membranes`, and of these `.model_times` (samples, neurons); a leaky read-out has `.maxima`, `.maximum_times`, `.maximum_currents` (samples, neurons) in place of spikes. A
/// recording on a grid has the metadata `decay` and the tensors `time_step`, `steps`, `copies`.
public enum RecordingFile {
    public static func content(_ recording: Recording) -> FileContent {
        var file = FileKind.recording.begin()
        file.set("engine", recording.engine)
        file.set("fingerprint", recording.fingerprint.map(hexadecimal) ?? "none")
        file.add("end_time", [recording.endTime], shape: [1])
        file.add("time_stretch", [recording.timeStretch], shape: [1])
        if let grid = recording.grid {
            file.set("decay", grid.decay.name)
            file.add("time_step", [grid.timeStep], shape: [1])
            file.add("steps", integers: [grid.steps], shape: [1])
            file.add("copies", integers: [grid.copies], shape: [1])
            if let bits = grid.weightBits { file.add("weight_bits", integers: [bits], shape: [1]) }
        }
        let bounds = recording.partition.map(\.lowerBound) + [recording.sampleCount]
        file.add("partition", integers: bounds, shape: [bounds.count])
        let sizes = [recording.input.unitCount] + recording.layers.map(\.neuronCount)
        file.add("sizes", integers: sizes, shape: [sizes.count])
        add(recording.input, to: &file, prefix: "input.")
        for (index, layer) in recording.layers.enumerated() {
            let own = "layers.\(index)."
            file.add(own + "thresholds", layer.thresholds, shape: [layer.thresholds.count])
            if layer.drives != [0] { file.add(own + "drives", layer.drives, shape: [layer.drives.count]) }
            if layer.isSpiking {
                add(layer, to: &file, prefix: own)
                if recording.isMeasured {
                    file.add(own + "model_times", layer.modelTimes, shape: [recording.sampleCount, layer.neuronCount])
                }
            } else {
                let shape = [recording.sampleCount, layer.neuronCount]
                file.add(own + "maxima", layer.maxima, shape: shape)
                file.add(own + "maximum_times", layer.maximumTimes, shape: shape)
                file.add(own + "maximum_currents", layer.maximumCurrents, shape: shape)
            }
        }
        return file.serialised()
    }

    /// - Throws: `fileError` saying what is malformed.
    public static func recording(_ bytes: [UInt8]) throws(SpinnpropError) -> Recording {
        let file = try FileKind.recording.open(bytes)
        return try asFileError { () throws(SpinnpropError) in try recording(in: file) }
    }

    /// A spiking layer's columns, straight from where they lie.
    private static func add(_ layer: LayerRecording, to file: inout SafeTensors, prefix: String) {
        func column<Element: BitwiseCopyable>(
            _ start: (SpikeColumns) -> UnsafeMutablePointer<Element>
        ) -> FileContent {
            FileContent(joining: layer.segments.map { FileContent(start($0), count: $0.count, ownedBy: $0) })
        }
        file.add(prefix + "times", .float64, column(\.times))
        file.add(prefix + "units", .int32, column(\.units))
        file.add(prefix + "currents", .float64, column(\.currents))
        // Columns without membranes are empty, or belong to continuous time.
        if layer.segments.contains(where: { $0.membranes != nil }) {
            file.add(prefix + "membranes", .float64, column { $0.membranes ?? $0.currents })
        }
        var offsets = [0]
        for segment in layer.segments {
            let start = offsets[offsets.count - 1]
            offsets.append(contentsOf: segment.ends.lazy.map { $0 + start })
        }
        file.add(prefix + "offsets", integers: offsets, shape: [offsets.count])
    }

    private static func add(_ spikes: SpikeTrains, to file: inout SafeTensors, prefix: String) {
        file.add(prefix + "times", spikes.times, shape: [spikes.spikeCount])
        file.add(prefix + "units", int32s: spikes.units, shape: [spikes.spikeCount])
        file.add(prefix + "offsets", integers: spikes.offsets, shape: [spikes.offsets.count])
    }

    private static func spikes(
        in file: SafeTensors, prefix: String, unitCount: Int
    ) throws(SpinnpropError) -> SpikeTrains {
        try SpikeTrains(
            times: try file.doubles(prefix + "times"), units: try file.int32s(prefix + "units"),
            offsets: try file.integers(prefix + "offsets"), unitCount: unitCount)
    }

    private static func recording(in file: SafeTensors) throws(SpinnpropError) -> Recording {
        let text = try file.string("fingerprint")
        let fingerprint = UInt64(text, radix: 16)
        guard fingerprint != nil || text == "none" else {
            throw .invalidValue("the fingerprint is \"\(text)\"; 16 hex digits or \"none\" are needed")
        }
        let engine = try file.string("engine")
        let endTime = try file.doubles("end_time", shape: [1])[0]
        guard endTime >= 0 else { throw .invalidValue("end_time is \(endTime); it must be >= 0") }
        let timeStretch = try file.doubles("time_stretch", shape: [1])[0]
        guard timeStretch > 0, timeStretch < .infinity else {
            throw .invalidValue("time_stretch is \(timeStretch); it must be finite and > 0")
        }
        let grid = try grid(in: file)
        let sizes = try file.integers("sizes")
        guard sizes.count >= 2, sizes.allSatisfy({ $0 >= 1 && $0 <= Int(Int32.max) }) else {
            throw .invalidValue("sizes is \(sizes.prefix(8)); at least two numbers >= 1 are needed")
        }
        // A few bytes can claim any number of silent neurons; counting them takes memory for each.
        try Memory.check(count: sizes.dropFirst().reduce(0, +), bytesPerElement: 32, "a recording of these sizes")
        let input = try spikes(in: file, prefix: "input.", unitCount: sizes[0])
        let partition = try partition(try file.integers("partition"), sampleCount: input.sampleCount)
        var layers: [LayerRecording] = []
        for layer in 0..<sizes.count - 1 {
            let isLast = layer == sizes.count - 2
            if isLast, file.contains("layers.\(layer).maxima") {
                layers.append(try readout(in: file, layer, sizes[layer + 1], partition, endTime))
            } else {
                let isMeasured = engine == Recording.measuredEngine
                let modelTimes = isMeasured ? try modelTimes(in: file, layer, sizes[layer + 1], input.sampleCount) : []
                layers.append(
                    try spikingLayer(
                        in: file, layer, sizes[layer + 1], partition, endTime, grid, isMeasured: isMeasured,
                        modelTimes: modelTimes))
            }
        }
        return Recording(
            input: input, layers: layers, partition: partition, fingerprint: fingerprint,
            engine: engine, endTime: endTime, grid: grid, timeStretch: timeStretch)
    }

    private static func modelTimes(
        in file: SafeTensors, _ layer: Int, _ neuronCount: Int, _ sampleCount: Int
    ) throws(SpinnpropError) -> [Double] {
        let times = try file.doubles("layers.\(layer).model_times", shape: [sampleCount, neuronCount])
        for (index, time) in times.enumerated() where !(time >= 0) {
            throw .invalidValue("model time \(index) of layer \(layer) is \(time); it must be >= 0, +infinity for none")
        }
        return times
    }

    private static func grid(in file: SafeTensors) throws(SpinnpropError) -> TimeGrid? {
        guard file.contains("time_step") else { return nil }
        let grid = TimeGrid(
            timeStep: try file.doubles("time_step", shape: [1])[0], steps: try file.integers("steps", shape: [1])[0],
            decay: try Decay(name: try file.string("decay")), copies: try file.integers("copies", shape: [1])[0],
            weightBits: file.contains("weight_bits") ? try file.integers("weight_bits", shape: [1])[0] : nil)
        try grid.check()
        return grid
    }

    /// Gradient rules hold sums for each part: a file must not choose how much memory that is.
    private static let largestPartCount = 256

    private static func partition(_ bounds: [Int], sampleCount: Int) throws(SpinnpropError) -> [Range<Int>] {
        guard bounds.first == 0, bounds.last == sampleCount, zip(bounds, bounds.dropFirst()).allSatisfy({ $0 <= $1 })
        else {
            throw .invalidValue("partition must rise from 0 to the number of samples, \(sampleCount)")
        }
        guard bounds.count <= largestPartCount + 1 else {
            throw .invalidValue("partition has \(bounds.count - 1) parts; at most \(largestPartCount) make sense")
        }
        return zip(bounds, bounds.dropFirst()).map { $0..<$1 }
    }

    private static func spikingLayer(
        in file: SafeTensors, _ layer: Int, _ neuronCount: Int, _ partition: [Range<Int>], _ endTime: Double,
        _ grid: TimeGrid?, isMeasured: Bool, modelTimes: [Double]
    ) throws(SpinnpropError) -> LayerRecording {
        let own = "layers.\(layer)."
        let spikes = try spikes(in: file, prefix: own, unitCount: neuronCount)
        let currents = try file.doubles(own + "currents", shape: [spikes.spikeCount])
        // Measured recordings have had membranes since they are not taken for thresholds.
        let hasMembranes = grid != nil || isMeasured && file.contains(own + "membranes")
        let membranes = hasMembranes ? try file.doubles(own + "membranes", shape: [spikes.spikeCount]) : nil
        if let grid, let membranes {
            for spike in membranes.indices {
                let step = grid.step(nearest: spikes.times[spike])
                guard step < grid.steps, grid.time(ofStep: step) == spikes.times[spike], membranes[spike].isFinite
                else {
                    throw .invalidValue(
                        "spike \(spike) of layer \(layer) has time \(spikes.times[spike]) and membrane \(membranes[spike]); "
                            + "times are steps of \(grid.timeStep) s below \(grid.steps) and membranes finite")
                }
            }
        }
        if grid == nil, let membranes, let spike = membranes.firstIndex(where: { !$0.isFinite }) {
            throw .invalidValue(
                "spike \(spike) of layer \(layer) has membrane \(membranes[spike]); membranes are finite")
        }
        guard spikes.sampleCount == partition.last?.upperBound ?? 0 else {
            throw .invalidValue("\(own)offsets has \(spikes.sampleCount) samples, the input another number")
        }
        for sample in 0..<spikes.sampleCount {
            for spike in spikes.offsets[sample]..<spikes.offsets[sample + 1] {
                let isFirst = spike == spikes.offsets[sample]
                guard
                    isFirst
                        || (spikes.times[spike - 1], spikes.units[spike - 1]) <= (
                            spikes.times[spike], spikes.units[spike]
                        )
                else { throw .invalidValue("\(own)times[\(spike)] is out of order within its sample") }
                guard spikes.times[spike] <= endTime, currents[spike].isFinite else {
                    throw .invalidValue(
                        "spike \(spike) of layer \(layer) has time \(spikes.times[spike]) and current \(currents[spike]); "
                            + "times end at \(endTime) and currents are finite")
                }
            }
        }
        let segments = try partition.map { (samples) throws(SpinnpropError) in
            let range = spikes.offsets[samples.lowerBound]..<spikes.offsets[samples.upperBound]
            let columns = try SpikeColumns(capacity: range.count, withMembranes: membranes != nil)
            for spike in range {
                try columns.append(
                    time: spikes.times[spike], unit: Int(spikes.units[spike]), current: currents[spike],
                    membrane: membranes?[spike] ?? 0)
            }
            columns.ends = samples.map { spikes.offsets[$0 + 1] - range.lowerBound }
            return columns
        }
        return LayerRecording(
            neuronCount: neuronCount, isSpiking: true, thresholds: try thresholds(in: file, layer, neuronCount),
            drives: try drives(in: file, layer, neuronCount),
            segments: segments, modelTimes: modelTimes)
    }

    private static func readout(
        in file: SafeTensors, _ layer: Int, _ neuronCount: Int, _ partition: [Range<Int>], _ endTime: Double
    ) throws(SpinnpropError) -> LayerRecording {
        let own = "layers.\(layer)."
        let shape = [partition.last?.upperBound ?? 0, neuronCount]
        let maxima = try file.doubles(own + "maxima", shape: shape)
        let times = try file.doubles(own + "maximum_times", shape: shape)
        let currents = try file.doubles(own + "maximum_currents", shape: shape)
        for index in maxima.indices {
            guard maxima[index] >= 0, maxima[index].isFinite, times[index] >= 0, times[index].isFinite,
                times[index] <= endTime,
                currents[index].isFinite
            else {
                throw .invalidValue(
                    "maximum \(index) of layer \(layer) is \(maxima[index]) at \(times[index]) s with current "
                        + "\(currents[index]); it must be finite, >= 0 and within the run")
            }
        }
        let segments = try partition.map { (samples) throws(SpinnpropError) in
            let columns = try SpikeColumns(capacity: 1)
            columns.ends = [Int](repeating: 0, count: samples.count)
            return columns
        }
        return LayerRecording(
            neuronCount: neuronCount, isSpiking: false, thresholds: try thresholds(in: file, layer, neuronCount),
            drives: try drives(in: file, layer, neuronCount),
            segments: segments, maxima: maxima, maximumTimes: times, maximumCurrents: currents)
    }

    private static func thresholds(
        in file: SafeTensors, _ layer: Int, _ neuronCount: Int
    ) throws(SpinnpropError) -> [Double] {
        try ofNeurons(file, layer, neuronCount, "threshold", isGood: { $0 > 0 && $0 < .infinity }, "finite and > 0")
    }

    private static func drives(
        in file: SafeTensors, _ layer: Int, _ neuronCount: Int
    ) throws(SpinnpropError) -> [Double] {
        guard file.contains("layers.\(layer).drives") else { return [0] }
        return try ofNeurons(file, layer, neuronCount, "drive", isGood: \.isFinite, "finite")
    }

    /// A parameter of a layer's neurons: one number for all, or one each.
    private static func ofNeurons(
        _ file: SafeTensors, _ layer: Int, _ neuronCount: Int, _ name: String, isGood: (Double) -> Bool,
        _ domain: String
    ) throws(SpinnpropError) -> [Double] {
        let values = try file.doubles("layers.\(layer).\(name)s")
        guard values.count == 1 || values.count == neuronCount else {
            throw .invalidValue(
                "layer \(layer) has \(values.count) \(name)s for \(neuronCount) neurons; give 1 or one each")
        }
        for (neuron, value) in values.enumerated() where !isGood(value) {
            throw .invalidValue("\(name) \(neuron) of layer \(layer) is \(value); it must be \(domain)")
        }
        return values
    }
}
