// A checksum over every byte of a file, its own digits aside, kept in the file's metadata.
import Mathematics

enum Checksum {
    private static let key = "checksum"
    private static let digitCount = 16

    /// The bytes of a file that has this checksum.
    static func seal(_ file: SafeTensors) -> [UInt8] {
        var file = file
        file.set(key, String(repeating: "0", count: digitCount))
        var bytes = file.serialised().bytes
        if let digits = digits(in: bytes) {
            bytes.replaceSubrange(digits, with: value(of: bytes, aside: digits).utf8)
        }
        return bytes
    }

    /// - Throws: `fileError` unless not one byte is different from those that were sealed.
    static func check(_ bytes: [UInt8]) throws(SpinnpropError) {
        guard let digits = digits(in: bytes) else { throw SpinnpropError(.fileError, "it has no checksum") }
        let (found, wanted) = (String(decoding: bytes[digits], as: UTF8.self), value(of: bytes, aside: digits))
        guard found == wanted else {
            throw SpinnpropError(
                .fileError, "it is damaged: its checksum is \(found), that of its content \(wanted)")
        }
    }

    /// Where the digits stand: quotes within strings are escaped, so nothing else in a header looks like the key.
    private static func digits(in bytes: [UInt8]) -> Range<Int>? {
        let wanted = Array("\"\(key)\":\"".utf8)
        guard bytes.count >= 8 else { return nil }
        let length = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        let end = Int(clamping: length.addingReportingOverflow(8).partialValue)
        for start in 8..<max(8, min(end, bytes.count) - wanted.count - digitCount)
        where bytes[start..<start + wanted.count].elementsEqual(wanted) {
            return start + wanted.count..<start + wanted.count + digitCount
        }
        return nil
    }

    private static func value(of bytes: [UInt8], aside digits: Range<Int>) -> String {
        var hash = Fingerprint()
        bytes.withUnsafeBytes { buffer in
            var position = 0
            func add(upTo end: Int) {
                while end - position >= 8 {
                    hash.add(UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: position, as: UInt64.self)))
                    position += 8
                }
                while position < end {
                    hash.add(UInt64(buffer[position]))
                    position += 1
                }
            }
            add(upTo: digits.lowerBound)
            position = digits.upperBound
            add(upTo: bytes.count)
        }
        return hexadecimal(hash.value)
    }
}

/// A 64-bit number as 16 hexadecimal digits.
func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}

/// The number that hexadecimal digits are, in a file's metadata.
func number(hexadecimal text: String) throws(SpinnpropError) -> UInt64 {
    guard let value = UInt64(text, radix: 16) else { throw .invalidValue("\"\(text)\" is no number of hex digits") }
    return value
}
