// Networks as safetensors files.
import Mathematics
import Networks
import Neurons

/// A network's file: metadata `delays` (the kind of all layers, or the layers' with commas between), `recurrent`, `readout`; tensors `sizes` and, per layer l, `layers.l.weights` (post, pre),
/// `.recurrent_weights`, `.delays`, `.recurrent_delays` (as their kind says), `.tau_mem`, `.tau_syn`, `.threshold`,
/// `.reset`, and unless they are 0 `.drive` and `.refractory` (one number or one per neuron); where weights are held to something `.mask` (post, pre),
/// `.signs` (pre) and `.weight_bounds` (2), and `.recurrent_mask` and so on.
///
/// Where layers are no chain, metadata `connections` stand in place of `recurrent`, as "0-1,1-2,0-2", in the network's order; `delays` are theirs then,
/// and what belongs to a layer's further sources k is `layers.l.from_k.weights`, `.delays` and so on.
public enum NetworkFile {
    public static func content(_ network: Network) -> FileContent {
        var file = FileKind.network.begin()
        add(network, to: &file, prefix: "")
        return file.serialised()
    }

    /// Of a checkpoint, the network that its trainer hands out.
    ///
    /// - Throws: `fileError` saying what is malformed.
    public static func network(_ bytes: [UInt8]) throws(SpinnpropError) -> Network {
        let file = try FileKind.network.open(bytes, or: .checkpoint)
        return try asFileError { () throws(SpinnpropError) in
            guard try FileKind.checkpoint.isKind(of: file) else { return try network(in: file, prefix: "") }
            try Checksum.check(bytes)
            return try Checkpoint.network(in: file)
        }
    }

    /// Writes beside the target first, then renames. - Throws: `fileNotFound` without the folder, `fileError`.
    public static func save(_ network: Network, _ path: FilePath) throws(SpinnpropError) {
        try network.checkRoom("the file's content")
        try FileAccess.writeAtomically(content(network).bytes, to: path)
    }

    /// Writes to a path that is text.
    public static func save(_ network: Network, _ path: String) throws(SpinnpropError) {
        try save(network, FilePath(path))
    }

    /// - Throws: `fileNotFound`, `fileError`.
    public static func load(_ path: FilePath) throws(SpinnpropError) -> Network {
        let bytes = try FileAccess.read(path)
        return try naming("the network \(path) cannot be loaded") { () throws(SpinnpropError) in try network(bytes) }
    }

    /// Reads from a path that is text.
    public static func load(_ path: String) throws(SpinnpropError) -> Network { try load(FilePath(path)) }

    // MARK: As a part of larger files

    static func add(_ network: Network, to file: inout SafeTensors, prefix: String) {
        let isChain = network.isChain
        let kinds = network.connections.prefix(isChain ? network.layers.count : Int.max).map { name($0.delayKind) }
        file.set(prefix + "delays", Set(kinds).count == 1 ? kinds[0] : kinds.joined(separator: ","))
        file.set(prefix + "readout", network.layers[network.layers.count - 1].isSpiking ? "spiking" : "leaky")
        if isChain {
            let flags = network.layers.indices.dropLast().map {
                network.connectionIndex(into: $0, recurrent: true) == nil ? "0" : "1"
            }
            file.set(prefix + "recurrent", flags.joined())
        } else {
            let ends = network.connections.map { "\($0.ends.source)-\($0.ends.target)" }
            file.set(prefix + "connections", ends.joined(separator: ","))
        }
        let sizes = [network.inputCount] + network.layers.map(\.neuronCount)
        file.add(prefix + "sizes", integers: sizes, shape: [sizes.count])
        for (index, layer) in network.layers.enumerated() {
            let own = "\(prefix)layers.\(index)."
            for field in LIFParameters.fields {
                let values = layer.parameters[keyPath: field.path]
                if isOptional(field), values == [0] { continue }
                file.add(own + field.name, values, shape: [values.count])
            }
        }
        for connection in network.connections {
            let names = names(of: connection.ends, isFirst: connection.isFirst, prefix: prefix)
            file.add(names.weights, connection.weights, shape: [connection.postCount, connection.preCount])
            if connection.delayKind != .none {
                file.add(names.delays, connection.delays, shape: delayShape(connection))
            }
            add(connection.constraints, of: connection, to: &file, names.prefix)
        }
    }

    private static func add(
        _ own: WeightConstraints, of connection: Connection, to file: inout SafeTensors, _ prefix: String
    ) {
        if own.hasMask {
            let shape = [connection.postCount, connection.preCount]
            file.add(prefix + "mask", .uint8, FileContent(own.mask.map { $0 ? 1 : 0 as UInt8 }), shape: shape)
        }
        if !own.signs.isEmpty {
            file.add(prefix + "signs", int32s: own.signs.map(Int32.init), shape: [own.signs.count])
        }
        if own.low > -.infinity || own.high < .infinity {
            file.add(prefix + "weight_bounds", [own.low, own.high], shape: [2])
        }
    }

    /// Reads what the weights of a connection are held to, if anything.
    private static func setConstraints(
        _ file: SafeTensors, _ prefix: String, _ connection: Connection, _ index: Int, in network: inout Network
    ) throws(SpinnpropError) {
        if file.contains(prefix + "mask") {
            let mask = try file.bytes(prefix + "mask", shape: [connection.postCount, connection.preCount])
            if let other = mask.first(where: { $0 > 1 }) {
                throw .invalidValue("an element of \(prefix)mask is \(other); it must be 0 or 1")
            }
            try network.setMask(mask.map { $0 == 1 }, connection: index)
        }
        if file.contains(prefix + "signs") {
            let signs = try file.int32s(prefix + "signs", shape: [connection.preCount])
            try network.setSigns(signs.map { Int8(clamping: $0) }, connection: index)
        }
        if file.contains(prefix + "weight_bounds") {
            let bounds = try file.doubles(prefix + "weight_bounds", shape: [2])
            try network.setBounds(low: bounds[0], high: bounds[1], connection: index)
        }
    }

    static func network(in file: SafeTensors, prefix: String) throws(SpinnpropError) -> Network {
        let words = try file.string(prefix + "delays").split(separator: ",", omittingEmptySubsequences: false)
        var kinds = try words.map { (word) throws(SpinnpropError) in
            guard let kind = DelayKind.allCases.first(where: { name($0) == word }) else {
                throw .invalidValue("the kind of delays is \"\(word)\", which this library does not know")
            }
            return kind
        }
        let readout = try file.string(prefix + "readout")
        guard readout == "spiking" || readout == "leaky" else {
            throw .invalidValue("the read-out is \"\(readout)\"; it must be \"spiking\" or \"leaky\"")
        }
        let sizes = try file.integers(prefix + "sizes")
        let hasConnections = file.hasMetadata(prefix + "connections")
        let ends =
            hasConnections
            ? try connections(try file.string(prefix + "connections"))
            : try chain(try file.string(prefix + "recurrent"), layerCount: max(0, sizes.count - 1))
        // The arrays must be there before memory is set aside for them.
        for (index, own) in ends.enumerated() {
            guard sizes.indices.contains(own.source), sizes.indices.contains(own.target) else {
                throw .invalidValue("the connection \(own.source)-\(own.target) leads beyond \(sizes.count - 1) layers")
            }
            let name = names(of: own, isFirst: index < sizes.count - 1, prefix: prefix).weights
            let shape = [sizes[own.target], sizes[own.source]]
            guard try file.shape(name, rank: 2) == shape else {
                throw .invalidValue("\(name) does not have the shape \(shape)")
            }
        }
        if !hasConnections, kinds.count > 1 {
            guard kinds.count == sizes.count - 1 else {
                throw .invalidValue("\(kinds.count) kinds of delay for \(sizes.count - 1) layers")
            }
            kinds = ends.map { kinds[$0.target - 1] }
        }
        var network = try Network(sizes: sizes, delays: kinds, leakyReadout: readout == "leaky", connections: ends)
        guard network.connections.map(\.ends) == ends else {
            throw .invalidValue("the connections are not in a network's order")
        }
        for layer in network.layers.indices {
            var parameters = LIFParameters()
            for field in LIFParameters.fields {
                let name = "\(prefix)layers.\(layer).\(field.name)"
                if isOptional(field), !file.contains(name) { continue }
                parameters[keyPath: field.path] = try file.doubles(name)
            }
            try network.setParameters(parameters, layer: layer)
        }
        for (index, connection) in network.connections.enumerated() {
            let names = names(of: connection.ends, isFirst: connection.isFirst, prefix: prefix)
            let shape = [connection.postCount, connection.preCount]
            try setConstraints(file, names.prefix, connection, index, in: &network)
            try network.setWeights(try file.doubles(names.weights, shape: shape), connection: index)
            if connection.delayKind != .none {
                try network.setDelays(try file.doubles(names.delays, shape: delayShape(connection)), connection: index)
            }
        }
        return network
    }

    /// Whether files leave it out where it is 0.
    private static func isOptional(_ field: LIFField) -> Bool { ["drive", "refractory"].contains(field.name) }

    private static func names(
        of ends: Ends, isFirst: Bool, prefix: String
    ) -> (prefix: String, weights: String, delays: String) {
        var own = "\(prefix)layers.\(ends.target - 1)."
        if ends.source == ends.target { own += "recurrent_" } else if !isFirst { own += "from_\(ends.source)." }
        return (own, own + "weights", own + "delays")
    }

    /// Those of a chain with a flag of recurrence for each hidden layer.
    private static func chain(_ flags: String, layerCount: Int) throws(SpinnpropError) -> [Ends] {
        let flags = Array(flags.unicodeScalars)
        guard flags.count == max(0, layerCount - 1) else {
            throw .invalidValue("\(flags.count) flags of recurrence for \(layerCount) layers")
        }
        var ends = (0..<layerCount).map { Ends($0, $0 + 1) }
        for (layer, flag) in flags.enumerated() {
            guard flag == "0" || flag == "1" else {
                throw .invalidValue("a flag of recurrence is \"\(flag)\"; it must be \"0\" or \"1\"")
            }
            if flag == "1" { ends.append(Ends(layer + 1, layer + 1)) }
        }
        return ends
    }

    private static func connections(_ text: String) throws(SpinnpropError) -> [Ends] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { (word) throws(SpinnpropError) in
            let numbers = word.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard numbers.count == 2, let source = numbers[0], let target = numbers[1] else {
                throw .invalidValue("a connection is \"\(word)\"; it must be two numbers with a - between")
            }
            return Ends(source, target)
        }
    }

    private static func delayShape(_ connection: Connection) -> [Int] {
        switch connection.delayKind {
        case .none: [0]
        case .synaptic: [connection.postCount, connection.preCount]
        case .axonal: [connection.preCount]
        case .dendritic: [connection.postCount]
        }
    }

    private static func name(_ kind: DelayKind) -> String {
        switch kind {
        case .none: "none"
        case .synaptic: "synaptic"
        case .axonal: "axonal"
        case .dendritic: "dendritic"
        }
    }
}
