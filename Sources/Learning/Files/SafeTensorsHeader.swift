// The header of a safetensors file: a strict parser and a writer for the little JSON the format allows.
import Mathematics

/// The types of elements this library reads and writes.
enum TensorType: String {
    case float64 = "F64"
    case int64 = "I64"
    case int32 = "I32"
    case float32 = "F32"
    case uint8 = "U8"

    var size: Int {
        switch self {
        case .float64, .int64: 8
        case .int32, .float32: 4
        case .uint8: 1
        }
    }
}

struct TensorEntry: Equatable {
    var type: TensorType
    var shape: [Int]
    /// Bytes of the data that follow the header.
    var range: Range<Int>
}

struct SafeTensorsHeader: Equatable {
    var metadata: [String: String] = [:]
    var tensors: [String: TensorEntry] = [:]

    /// - Parameter text: the header alone. - Throws: `fileError` saying what is wrong, at which byte.
    init(parsing text: ArraySlice<UInt8>) throws(SpinnpropError) {
        var parser = HeaderParser(text)
        var hasMetadata = false
        try parser.expect("{")
        if !parser.skip("}") {
            repeat {
                let name = try parser.string()
                try parser.expect(":")
                if name == "__metadata__" {
                    guard !hasMetadata else { throw parser.failure("__metadata__ stands twice") }
                    hasMetadata = true
                    metadata = try parser.strings()
                } else {
                    guard tensors[name] == nil else { throw parser.failure("the tensor \(name) stands twice") }
                    tensors[name] = try parser.tensor()
                }
            } while parser.skip(",")
            try parser.expect("}")
        }
        try parser.expectEnd()
    }

    init() {}

    /// The header as text. Tensors in the order of their data.
    func serialised() -> [UInt8] {
        var fields: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
            fields.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        for (name, entry) in tensors.sorted(by: {
            ($0.value.range.lowerBound, $0.key) < ($1.value.range.lowerBound, $1.key)
        }) {
            let shape = entry.shape.map(String.init).joined(separator: ",")
            fields.append(
                "\(quoted(name)):{\"dtype\":\"\(entry.type.rawValue)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(entry.range.lowerBound),\(entry.range.upperBound)]}")
        }
        return Array("{\(fields.joined(separator: ","))}".utf8)
    }

    private func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

/// Reads exactly the grammar of the format, without recursion: an object of strings, and objects with three known fields.
struct HeaderParser {
    private let text: ArraySlice<UInt8>
    private var position: Int

    /// More dimensions than any tensor here has.
    private static let largestRank = 8

    init(_ text: ArraySlice<UInt8>) {
        self.text = text
        position = text.startIndex
    }

    func failure(_ what: String) -> SpinnpropError {
        SpinnpropError(
            .fileError, "malformed safetensors header, byte \(position - text.startIndex): \(what)")
    }

    private mutating func skipSpace() {
        while position < text.endIndex, [0x20, 0x09, 0x0A, 0x0D].contains(text[position]) { position += 1 }
    }

    /// Goes past a character if it comes next.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < text.endIndex, text[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func expect(_ character: Unicode.Scalar) throws(SpinnpropError) {
        guard skip(character) else { throw failure("'\(character)' is missing") }
    }

    mutating func expectEnd() throws(SpinnpropError) {
        skipSpace()
        guard position == text.endIndex else { throw failure("something follows the closing brace") }
    }

    mutating func strings() throws(SpinnpropError) -> [String: String] {
        var result: [String: String] = [:]
        try expect("{")
        if skip("}") { return result }
        repeat {
            let key = try string()
            try expect(":")
            guard result.updateValue(try string(), forKey: key) == nil else {
                throw failure("the key \(key) stands twice")
            }
        } while skip(",")
        try expect("}")
        return result
    }

    mutating func tensor() throws(SpinnpropError) -> TensorEntry {
        var (type, shape, offsets): (TensorType?, [Int]?, [Int]?) = (nil, nil, nil)
        try expect("{")
        repeat {
            let key = try string()
            try expect(":")
            switch key {
            case "dtype" where type == nil:
                let name = try string()
                type = TensorType(rawValue: name)
                guard type != nil else { throw failure("the type \(name) is not one of F64, I64, I32, U8") }
            case "shape" where shape == nil: shape = try numbers(atMost: HeaderParser.largestRank)
            case "data_offsets" where offsets == nil: offsets = try numbers(atMost: 2)
            default: throw failure("the field \(key) is unknown or stands twice")
            }
        } while skip(",")
        try expect("}")
        guard let type, let shape, let offsets, offsets.count == 2, offsets[0] <= offsets[1] else {
            throw failure("a tensor needs dtype, shape and two rising data_offsets")
        }
        var size = type.size
        for length in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: length)
            guard !overflow else { throw failure("the shape \(shape) is larger than any file") }
            size = product
        }
        guard size == offsets[1] - offsets[0] else {
            throw failure("the shape \(shape) takes \(size) bytes, its data_offsets span \(offsets[1] - offsets[0])")
        }
        return TensorEntry(type: type, shape: shape, range: offsets[0]..<offsets[1])
    }

    private mutating func numbers(atMost largestCount: Int) throws(SpinnpropError) -> [Int] {
        var result: [Int] = []
        try expect("[")
        if skip("]") { return result }
        repeat {
            guard result.count < largestCount else { throw failure("more than \(largestCount) numbers") }
            result.append(try number())
        } while skip(",")
        try expect("]")
        return result
    }

    /// A whole number >= 0, as JSON writes it: no sign, no leading zero, no fraction, no exponent.
    private mutating func number() throws(SpinnpropError) -> Int {
        skipSpace()
        let start = position
        var value = 0
        while position < text.endIndex, case let digit = text[position] &- 0x30, digit <= 9 {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int(digit))
            guard !overflow, !carry, position == start || value > 0 else {
                throw failure("a number is malformed or too large")
            }
            value = sum
            position += 1
        }
        guard position > start else { throw failure("a whole number is missing") }
        return value
    }

    mutating func string() throws(SpinnpropError) -> String {
        try expect("\"")
        var bytes: [UInt8] = []
        while position < text.endIndex {
            let byte = text[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: bytes, as: UTF8.self) else {
                    throw failure("a string is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): bytes.append(contentsOf: try escape())
            case 0..<0x20: throw failure("a control character stands in a string")
            default: bytes.append(byte)
            }
        }
        throw failure("a string does not end")
    }

    /// What follows a backslash, as UTF-8.
    private mutating func escape() throws(SpinnpropError) -> [UInt8] {
        guard position < text.endIndex else { throw failure("a string does not end") }
        let byte = text[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var code = try fourHexDigits()
            if code & 0xFC00 == 0xD800, text[position...].starts(with: [0x5C, 0x75]) {
                position += 2
                let low = try fourHexDigits()
                guard low & 0xFC00 == 0xDC00 else { throw failure("half a surrogate pair") }
                code = 0x10000 + (code & 0x3FF) << 10 + low & 0x3FF
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure("half a surrogate pair") }
            return Array(String(Character(scalar)).utf8)
        default: throw failure("an unknown escape")
        }
    }

    private mutating func fourHexDigits() throws(SpinnpropError) -> UInt32 {
        guard text.endIndex - position >= 4 else { throw failure("a string does not end") }
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(text[position])).hexDigitValue else {
                throw failure("not a hex digit")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }
}
