// Names of files as the operating system has them: bytes in no particular encoding.

/// Where a file lies. Any bytes but zero may name a file; text is taken as UTF-8.
public struct FilePath: Equatable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let bytes: [UInt8]

    public init(bytes: [UInt8]) { self.bytes = bytes }

    public init(_ text: String) { bytes = Array(text.utf8) }

    public init(stringLiteral text: String) { self.init(text) }

    /// For messages: bytes that are no UTF-8 appear as `\xff`.
    public var description: String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var (text, rest) = ("", bytes[...])
        while let first = rest.first {
            // A character of UTF-8 has at most four bytes.
            let length = (1...4).first { String(validating: rest.prefix($0), as: UTF8.self) != nil } ?? 0
            text += length > 0 ? String(decoding: rest.prefix(length), as: UTF8.self) : escaped(first)
            rest = rest.dropFirst(max(1, length))
        }
        return text
    }

    private func escaped(_ byte: UInt8) -> String { #"\x"# + String(byte, radix: 16) }

    /// Lends the name to a system call.
    func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        (bytes + [0]).withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { body($0.baseAddress.unsafelyUnwrapped) }
        }
    }

    static func + (path: FilePath, suffix: String) -> FilePath { FilePath(bytes: path.bytes + suffix.utf8) }
}
