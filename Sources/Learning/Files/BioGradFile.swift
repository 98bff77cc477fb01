// Trainings by local learning as safetensors files.
import LocalLearning
import Mathematics

/// A training's file, everything that is needed to go on to the very same end: tensors `options.name` (one number each), `sizes` (inputs, then
/// the neurons of each layer), `state` (`BioGrad.state`) and, per layer l, in float32, `layers.l.weights` (post, pre), `.biases` and of hidden
/// layers `.feedback` (neurons, outputs); of an integer training `.exponents`, those of weights and of feedback. A checksum refuses damage.
public enum BioGradFile {
    /// - Throws: `outOfMemory`.
    public static func content(_ training: BioGrad) throws(SpinnpropError) -> FileContent {
        let network = training.network
        // Turned, joined and sealed.
        try Memory.check(
            count: network.parameterCount, bytesPerElement: 3 * MemoryLayout<Float>.stride, "the file's content")
        var file = FileKind.biograd.begin()
        for field in LocalOptions.fields {
            switch field.get(training.options) {
            case .real(let value): file.add(name(field), [value], shape: [1])
            case .integer(let value): file.add(name(field), integers: [value], shape: [1])
            case .word(let value): file.add(name(field), integers: [Int(truncatingIfNeeded: value)], shape: [1])
            case .open: break
            }
        }
        file.add("sizes", integers: network.sizes, shape: [network.sizes.count])
        file.add("state", training.state, shape: [training.stateCount])
        for (index, layer) in network.layers.enumerated() {
            let own = "layers.\(index)."
            file.add(
                own + "weights", floats: network.weights(layer: index), shape: [layer.neuronCount, layer.preCount])
            file.add(own + "biases", floats: network.biases(layer: index), shape: [layer.neuronCount])
            if let weights = network.exponents(layer: index).weights {
                let feedback = network.exponents(layer: index).feedback ?? 0
                file.add(own + "exponents", integers: [weights, feedback], shape: [2])
            }
            if index < network.layers.count - 1 {
                let shape = [layer.neuronCount, network.outputCount]
                file.add(own + "feedback", floats: network.feedback(layer: index), shape: shape)
            }
        }
        return FileContent(Checksum.seal(file))
    }

    /// - Throws: `fileError` saying what is damaged or malformed.
    public static func training(_ bytes: [UInt8]) throws(SpinnpropError) -> BioGrad {
        try training(bytes, called: "the training")
    }

    /// Writes beside the target first, then renames. - Throws: `fileNotFound` without the folder, `fileError`.
    public static func save(_ training: BioGrad, _ path: FilePath) throws(SpinnpropError) {
        try FileAccess.writeAtomically(content(training).bytes, to: path)
    }

    /// - Throws: `fileNotFound`, `fileError`.
    public static func load(_ path: FilePath) throws(SpinnpropError) -> BioGrad {
        try training(try FileAccess.read(path), called: "the training \(path)")
    }

    private static func training(_ bytes: [UInt8], called name: String) throws(SpinnpropError) -> BioGrad {
        try naming("\(name) cannot be loaded") { () throws(SpinnpropError) in
            let file = try FileKind.biograd.open(bytes)
            try Checksum.check(bytes)
            return try asFileError { () throws(SpinnpropError) in try training(in: file) }
        }
    }

    /// The content of a file that is whole. Its numbers are checked all the same: anybody can write a checksum.
    static func training(in file: SafeTensors) throws(SpinnpropError) -> BioGrad {
        var options = LocalOptions()
        for field in LocalOptions.fields {
            switch field.get(options) {
            case .real: try field.set(&options, .real(file.doubles(name(field), shape: [1])[0]))
            case .integer: try field.set(&options, .integer(file.integers(name(field), shape: [1])[0]))
            case .word:
                let value = try file.integers(name(field), shape: [1])[0]
                try field.set(&options, .word(UInt64(truncatingIfNeeded: value)))
            case .open: break
            }
        }
        let sizes = try file.integers("sizes")
        // The arrays must be there before memory is set aside for them.
        for (layer, (pre, post)) in zip(sizes, sizes.dropFirst()).enumerated() {
            for (name, shape) in [("weights", [post, pre]), ("feedback", [post, sizes[sizes.count - 1]])]
            where name == "weights" || layer < sizes.count - 2 {
                guard try file.shape("layers.\(layer).\(name)", rank: 2) == shape else {
                    throw .invalidValue("layers.\(layer).\(name) does not have the shape \(shape)")
                }
            }
        }
        var network = try LocalNetwork(zeros: sizes)
        for (index, layer) in network.layers.enumerated() {
            let own = "layers.\(index)."
            if options.integer {
                let exponents = try file.integers(own + "exponents", shape: [2])
                try network.setExponents(weights: exponents[0], feedback: exponents[1], layer: index)
            }
            let shape = [layer.neuronCount, layer.preCount]
            try network.setWeights(try file.floats(own + "weights", shape: shape), layer: index)
            try network.setBiases(try file.floats(own + "biases", shape: [layer.neuronCount]), layer: index)
            if index < network.layers.count - 1 {
                let shape = [layer.neuronCount, network.outputCount]
                try network.setFeedback(try file.floats(own + "feedback", shape: shape), layer: index)
            }
        }
        var training = try BioGrad(network, options)
        try training.restore(try file.doubles("state"))
        return training
    }

    private static func name(_ field: OptionField<LocalOptions>) -> String { "options." + field.name }
}

extension BioGrad {
    /// Trains as `run`, with a file that is written after each epoch and when the callback stops it: `BioGradFile.load` goes on from there.
    ///
    /// - Throws: `fileNotFound` or `fileError` besides, if the file cannot be written, which is found out before the first epoch.
    public mutating func run(
        _ input: LocalInput, labels: [Int], on substrate: (any LocalSubstrate)? = nil, checkpoint path: FilePath,
        progress: ((LocalProgress) -> Bool)? = nil
    ) throws(SpinnpropError) {
        if !isFinished { try FileAccess.checkWritable(path) }
        try run(input, labels: labels, on: substrate, progress: progress) { (training) throws(SpinnpropError) in
            try BioGradFile.save(training, path)
        }
    }
}
