// safetensors files: named arrays and strings, no code. Format: huggingface.co/docs/safetensors.
import Mathematics

/// The content of a safetensors file: 8 bytes with the header's length, little-endian, the header (JSON), the data.
struct SafeTensors {
    private(set) var header = SafeTensorsHeader()
    /// Header and data as they were parsed; empty while writing.
    private var bytes: [UInt8] = []
    private var dataStart = 0
    /// While writing: where the data of each tensor are.
    private var pending: [(name: String, type: TensorType, shape: [Int], data: FileContent)] = []

    /// Far above what any network needs, far below what parsing could hurt with.
    static let largestHeader = 16 << 20

    init() {}

    /// Reads strictly: the tensors must cover the data without gap or overlap, and nothing may follow.
    ///
    /// - Throws: `fileError` saying what is wrong.
    init(parsing bytes: [UInt8]) throws(SpinnpropError) {
        guard bytes.count >= 8 else {
            throw SpinnpropError(.fileError, "not a safetensors file: \(bytes.count) bytes, at least 8 are needed")
        }
        let length = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= UInt64(SafeTensors.largestHeader), length <= UInt64(bytes.count - 8) else {
            throw SpinnpropError(
                .fileError,
                "not a safetensors file: the header's length is \(length), the file has \(bytes.count) bytes")
        }
        dataStart = 8 + Int(length)
        header = try SafeTensorsHeader(parsing: bytes[8..<dataStart])
        self.bytes = bytes
        var end = 0
        for (name, entry) in header.tensors.sorted(by: { $0.value.range.isBefore($1.value.range) }) {
            guard entry.range.lowerBound == end else {
                throw SpinnpropError(
                    .fileError, "the data of tensor \(name) begin at \(entry.range.lowerBound), not at \(end)")
            }
            end = entry.range.upperBound
        }
        guard end == bytes.count - dataStart else {
            throw SpinnpropError(
                .fileError, "the tensors take \(end) bytes, the file has \(bytes.count - dataStart) after its header")
        }
    }

    // MARK: Reading

    /// - Throws: `fileError` if the string is missing.
    func string(_ key: String) throws(SpinnpropError) -> String {
        guard let value = header.metadata[key] else {
            throw SpinnpropError(.fileError, "the file's metadata lack \(key)")
        }
        return value
    }

    func hasMetadata(_ key: String) -> Bool { header.metadata[key] != nil }

    func contains(_ name: String) -> Bool { header.tensors[name] != nil }

    /// The shape of a tensor that must have as many dimensions as said.
    func shape(_ name: String, rank: Int) throws(SpinnpropError) -> [Int] {
        guard let entry = header.tensors[name] else {
            throw SpinnpropError(.fileError, "the file lacks the tensor \(name)")
        }
        guard entry.shape.count == rank else {
            throw SpinnpropError(.fileError, "tensor \(name) has shape \(entry.shape); \(rank) dimensions are needed")
        }
        return entry.shape
    }

    /// - Throws: `fileError` if the tensor is missing or has another type or another shape; none is given: any vector will do.
    func doubles(_ name: String, shape: [Int]? = nil) throws(SpinnpropError) -> [Double] {
        try elements(name, .float64, shape)
    }

    func integers(_ name: String, shape: [Int]? = nil) throws(SpinnpropError) -> [Int] {
        try elements(name, .int64, shape)
    }

    func int32s(_ name: String, shape: [Int]? = nil) throws(SpinnpropError) -> [Int32] {
        try elements(name, .int32, shape)
    }

    func floats(_ name: String, shape: [Int]? = nil) throws(SpinnpropError) -> [Float] {
        try elements(name, .float32, shape)
    }

    func bytes(_ name: String, shape: [Int]? = nil) throws(SpinnpropError) -> [UInt8] {
        try elements(name, .uint8, shape)
    }

    private func elements<Element: BitwiseCopyable>(
        _ name: String, _ type: TensorType, _ shape: [Int]?
    ) throws(SpinnpropError) -> [Element] {
        guard let entry = header.tensors[name] else {
            throw SpinnpropError(.fileError, "the file lacks the tensor \(name)")
        }
        guard entry.type == type else {
            throw SpinnpropError(
                .fileError, "tensor \(name) has type \(entry.type.rawValue); \(type.rawValue) is needed")
        }
        let suits = if let shape { entry.shape == shape } else { entry.shape.count == 1 }
        guard suits else {
            let needed = shape.map { "\($0)" } ?? "one dimension"
            throw SpinnpropError(.fileError, "tensor \(name) has shape \(entry.shape); \(needed) is needed")
        }
        let count = entry.range.count / type.size
        try Memory.check(count: count, bytesPerElement: type.size, "tensor \(name)")
        return [Element](unsafeUninitializedCapacity: count) { target, initialised in
            bytes.withUnsafeBytes { buffer in
                let start = dataStart + entry.range.lowerBound
                UnsafeMutableRawBufferPointer(target).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: buffer[start..<start + count * type.size]))
            }
            initialised = count
        }
    }

    // MARK: Writing

    mutating func set(_ key: String, _ value: String) { header.metadata[key] = value }

    mutating func add(_ name: String, _ values: [Double], shape: [Int]) {
        pending.append((name, .float64, shape, FileContent(values)))
    }

    mutating func add(_ name: String, integers values: [Int], shape: [Int]) {
        pending.append((name, .int64, shape, FileContent(values)))
    }

    mutating func add(_ name: String, int32s values: [Int32], shape: [Int]) {
        pending.append((name, .int32, shape, FileContent(values)))
    }

    mutating func add(_ name: String, floats values: [Float], shape: [Int]) {
        pending.append((name, .float32, shape, FileContent(values)))
    }

    /// - Parameter shape: `nil`: a vector.
    mutating func add(_ name: String, _ type: TensorType, _ data: FileContent, shape: [Int]? = nil) {
        pending.append((name, type, shape ?? [data.byteCount / type.size], data))
    }

    /// The file. Large elements come first and the header is padded, so that every array is aligned.
    func serialised() -> FileContent {
        var header = header
        var end = 0
        let ordered = pending.enumerated().sorted {
            ($1.element.type.size, $0.offset) < ($0.element.type.size, $1.offset)
        }.map(\.element)
        for tensor in ordered {
            let next = end + tensor.data.byteCount
            header.tensors[tensor.name] = TensorEntry(type: tensor.type, shape: tensor.shape, range: end..<next)
            end = next
        }
        var text = header.serialised()
        text.append(contentsOf: repeatElement(0x20, count: -text.count & 7))
        let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) }
        return FileContent(joining: [FileContent(length + text)] + ordered.map(\.data))
    }
}

extension Range<Int> {
    fileprivate func isBefore(_ other: Range<Int>) -> Bool {
        (lowerBound, upperBound) < (other.lowerBound, other.upperBound)
    }
}
