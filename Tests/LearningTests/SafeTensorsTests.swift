// safetensors files: what is written can be read, and nothing malformed is.
import Mathematics
import Testing

@testable import Learning
@testable import TestSupport

struct SafeTensorsTests {
    /// The bytes of a file with this header and so many bytes of data.
    private func file(_ header: String, data: Int = 0) -> [UInt8] {
        let text = Array(header.utf8)
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
            + [UInt8](repeating: 0, count: data)
    }

    private let pair = "{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]}"

    @Test func roundTrip() throws {
        var file = SafeTensors()
        file.set("name", "quote \" backslash \\ newline \n bell \u{7} umlaut ü emoji 🧠")
        file.add("small", int32s: [1, -2, 3], shape: [3])
        file.add("matrix", [1.5, -0.0, .infinity, .nan, 1e-300, -1e308], shape: [2, 3])
        file.add("empty", [], shape: [0, 4])
        file.add("whole", integers: [.min, 0, .max], shape: [3, 1])
        let bytes = file.serialised().bytes
        let read = try SafeTensors(parsing: bytes)
        #expect(try read.string("name") == "quote \" backslash \\ newline \n bell \u{7} umlaut ü emoji 🧠")
        #expect(try read.int32s("small") == [1, -2, 3])
        #expect(
            try read.doubles("matrix", shape: [2, 3]).map(\.bitPattern)
                == [1.5, -0.0, .infinity, .nan, 1e-300, -1e308].map(\.bitPattern))
        #expect(try read.doubles("empty", shape: [0, 4]).isEmpty)
        #expect(try read.integers("whole", shape: [3, 1]) == [.min, 0, .max])
        // Aligned: the data begin at a multiple of 8, elements of 8 bytes come first.
        let length = bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
        #expect(length % 8 == 0 && read.header.tensors["small"]?.range.lowerBound == 72)
    }

    @Test func formatByHand() throws {
        let header =
            " {\"__metadata__\" : {\"k\\u00e9\\ud83e\\udde0\":\"v\\/\\t\"}, \"t\":\n{\"shape\":[ ],\"data_offsets\":[0,8],\"dtype\":\"I64\"}}  "
        let read = try SafeTensors(parsing: file(header, data: 8))
        #expect(try read.string("ké🧠") == "v/\t")
        #expect(try read.integers("t", shape: []) == [0])
        let empty = try SafeTensors(parsing: file("{}"))
        #expect(empty.header == SafeTensorsHeader())
    }

    @Test func malformedHeaders() {
        let wrong: [(String, Int)] = [
            ("", 0), ("[]", 0), ("{", 0), ("{}x", 0), ("{},", 0), ("{}", 1), ("{\"a\":\(pair)}", 15),
            ("{\"a\":\(pair)}", 17),
            ("{\"a\":\(pair),}", 16), ("{\"a\" \(pair)}", 16), ("{\"a\":\(pair),\"a\":\(pair)}", 16),
            ("{\"a\":\(pair),\"b\":\(pair)}", 16), ("{\"a\":\(pair),\"b\":\(pair)}", 32),
            ("{\"__metadata__\":{},\"__metadata__\":{}}", 0), ("{\"__metadata__\":{\"a\":1}}", 0),
            ("{\"__metadata__\":{\"a\":\"1\",\"a\":\"1\"}}", 0), ("{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}", 0),
            ("{\"a\":{\"dtype\":\"F64\",\"shape\":[2]}}", 16),
            ("{\"a\":{\"dtype\":\"F64\",\"data_offsets\":[0,16]}}", 16),
            ("{\"a\":{}}", 0), ("{\"a\":[]}", 0),
            ("{\"a\":{\"dtype\":\"F16\",\"shape\":[8],\"data_offsets\":[0,16]}}", 16),
            ("{\"a\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16],\"extra\":[]}}", 16),
            ("{\"a\":{\"dtype\":\"F64\",\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]}}", 16),
            ("{\"a\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[16,0]}}", 16),
            ("{\"a\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16,32]}}", 32),
            ("{\"a\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[8,24]}}", 24),
            ("{\"a\":{\"dtype\":\"F64\",\"shape\":[3],\"data_offsets\":[0,16]}}", 16),
            ("{\"a\":{\"dtype\":\"F64\",\"shape\":[-2],\"data_offsets\":[0,16]}}", 16),
            ("{\"a\":{\"dtype\":\"F64\",\"shape\":[2.0],\"data_offsets\":[0,16]}}", 16),
            ("{\"a\":{\"dtype\":\"F64\",\"shape\":[2e0],\"data_offsets\":[0,16]}}", 16),
            ("{\"a\":{\"dtype\":\"F64\",\"shape\":[02],\"data_offsets\":[0,16]}}", 16),
            ("{\"a\":{\"dtype\":\"F64\",\"shape\":[2,],\"data_offsets\":[0,16]}}", 16),
            ("{\"a\":{\"dtype\":\"F64\",\"shape\":[1,1,1,1,1,1,1,1,2],\"data_offsets\":[0,16]}}", 16),
            (
                "{\"a\":{\"dtype\":\"F64\",\"shape\":[9223372036854775807,9223372036854775807],\"data_offsets\":[0,16]}}",
                16
            ),
            ("{\"a\":{\"dtype\":\"F64\",\"shape\":[99999999999999999999],\"data_offsets\":[0,16]}}", 16),
            ("{\"a\":{\"dtype\":\"U8\",\"shape\":[9223372036854775807],\"data_offsets\":[0,9223372036854775807]}}", 16),
            ("{\"a\\x\":\(pair)}", 16), ("{\"a\\u12\":\(pair)}", 16), ("{\"a\\ud800\":\(pair)}", 16),
            ("{\"a\\ud800\\u0041\":\(pair)}", 16), ("{\"a\\udc00\":\(pair)}", 16), ("{\"a\n\":\(pair)}", 16),
            ("{\"a", 0), ("{\"a\\", 0),
            ("{\"a\":null}", 0), (String(repeating: "[", count: 100_000), 0),
            (String(repeating: "{\"a\":", count: 100_000), 0),
        ]
        for (header, data) in wrong {
            let error = #expect(throws: SpinnpropError.self, "\(header.prefix(120)), \(data)") {
                try SafeTensors(parsing: file(header, data: data))
            }
            #expect(error?.kind == .fileError)
        }
        // The entry all of these are variants of is right.
        #expect(throws: Never.self) { try SafeTensors(parsing: file("{\"a\":\(pair)}", data: 16)) }
    }

    @Test func malformedBytes() {
        var notText = file("{\"a\":\(pair)}", data: 16)
        notText[10] = 0xFF
        let lengths: [UInt64] = [3, 1 << 24, 1 << 40, 1 << 63, .max]
        let wrong: [[UInt8]] =
            [[], [1, 2, 3], notText, [UInt8](repeating: 0, count: 8)]
            + lengths.map { length in withUnsafeBytes(of: length.littleEndian) { Array($0) } + Array("{}".utf8) }
        for bytes in wrong {
            let error = #expect(throws: SpinnpropError.self, "\(bytes.prefix(16))") { try SafeTensors(parsing: bytes) }
            #expect(error?.kind == .fileError)
        }
    }

    @Test func missingAndMistyped() throws {
        let read = try SafeTensors(parsing: file("{\"a\":\(pair)}", data: 16))
        let wrong: [() throws -> Any] = [
            { try read.doubles("b") }, { try read.integers("a") }, { try read.int32s("a") }, { try read.string("a") },
            { try read.doubles("a", shape: [1, 2]) }, { try read.shape("a", rank: 2) },
            { try read.shape("b", rank: 1) },
        ]
        for (index, call) in wrong.enumerated() {
            let error = #expect(throws: SpinnpropError.self, "\(index)") { try call() }
            #expect(error?.kind == .fileError)
        }
    }
}
